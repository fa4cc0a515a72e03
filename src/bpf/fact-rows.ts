/** What the programs that tell facts have in common: whom they are about, as instructions, and how a record leaves. */
import type { FactWishes } from '../process/fact-wishes.ts';
import { HELPER, NO_WAKEUP, UNREAD_BYTES, WAKEUP, WAKEUP_IF_READ } from './abi.ts';
import type { Btf } from './btf.ts';
import { FACT, MOST_BYTES } from './fact-record.ts';
import {
  add,
  call,
  callKernel,
  FRAME,
  label,
  load,
  loadMap,
  move,
  type Register,
  type Row,
  store,
  value,
  when,
} from './instructions.ts';
import { offsetsOf, typeId } from './offsets.ts';
import { READ_ROOM, RECORD } from './path-walk.ts';

/** When the reader is woken. */
export interface Waking extends Pick<FactWishes, 'wakes'> {
  readonly ringBytes: number;
}

/** An end by another thread than the first of its process: the connector may have told the first one's long since. */
const WAKE_IF_UNTOLD: readonly Row[] = [
  load('u32', 1, RECORD, FACT.tid),
  load('u32', 2, RECORD, FACT.tgid),
  when(1, '==', 2, 'told'),
  move(4, value(WAKEUP)),
  label('told'),
];

/**
 * The same pointer, and no longer one that the verifier trusts: for each load of a pointer through a trusted one it searches all types of
 * the kernel by name, a millisecond each time. Loads through untrusted ones are as fast, and safe: a fault reads zero.
 */
export function untrust(btf: Btf, pointer: Register, struct: string): readonly Row[] {
  const cast = btf.idOf('func', 'bpf_rdonly_cast');
  if (cast === undefined) return [];
  return [move(1, pointer), move(2, value(typeId(btf, 'struct', struct))), callKernel(cast), move(pointer, 0)];
}

const NEEDED = {
  tgid: ['task_struct', 'tgid', 4],
  parent: ['task_struct', 'real_parent', 8],
  start: ['task_struct', 'start_boottime', 8],
} as const;
const WHO = {
  cred: ['task_struct', 'real_cred', 8],
  comm: ['task_struct', 'comm', 16],
  euid: ['cred', 'euid', 4],
  uid: ['cred', 'uid', 4],
} as const;

/** The head of a record: when, where, and of which process. */
export function headRows(btf: Btf, kind: number, task: Register): readonly Row[] {
  const at = offsetsOf(btf, NEEDED);
  return [
    call(HELPER.monotonicNanos),
    store('u64', RECORD, FACT.at, 0),
    call(HELPER.cpu),
    store('u32', RECORD, FACT.cpu, 0),
    store('u32', RECORD, FACT.kind, value(kind)),
    load('u32', 1, task, at.tgid),
    store('u32', RECORD, FACT.tgid, 1),
    load('u64', 1, task, at.parent),
    load('u32', 1, 1, at.tgid),
    store('u32', RECORD, FACT.parentTgid, 1),
    load('u64', 1, task, at.start),
    store('u64', RECORD, FACT.start, 1),
  ];
}

/** Name and effective user, as others see them. */
export function whoRows(btf: Btf, task: Register): readonly Row[] {
  const at = offsetsOf(btf, WHO);
  return [
    load('u64', 1, task, at.cred),
    load('u32', 1, 1, at.euid),
    store('u32', RECORD, FACT.effectiveUid, 1),
    load('u64', 1, task, at.comm),
    store('u64', RECORD, FACT.comm, 1),
    load('u64', 1, task, at.comm + 8),
    store('u64', RECORD, FACT.comm + 8, 1),
  ];
}

/** The real user: only where there is room for it. */
export function realUserRows(btf: Btf, task: Register): readonly Row[] {
  const at = offsetsOf(btf, WHO);
  return [load('u64', 1, task, at.cred), load('u32', 1, 1, at.uid), store('u32', RECORD, FACT.realUid, 1)];
}

/** The value of this CPU, as the record: nobody else writes to it, since tracepoints run without being interrupted by tasks. */
export const recordInScratch = (fd: number): readonly Row[] => {
  const key = -4;
  return [
    call(HELPER.cpu),
    store('u32', FRAME, key, 0),
    move(2, FRAME),
    add(2, value(key)),
    loadMap(1, fd),
    call(HELPER.mapLookup),
    when(0, '==', value(0), 'out'),
    move(RECORD, 0),
    add(RECORD, value(READ_ROOM)),
  ];
};

/** A record of fixed length, in the ring itself. */
export const recordInRing = (ring: number, bytes: number): readonly Row[] => [
  loadMap(1, ring),
  move(2, value(bytes)),
  move(3, value(0)),
  call(HELPER.ringbufReserve),
  when(0, '==', value(0), 'full'),
  move(RECORD, 0),
];

/** r4 = the flags of a submission. */
const wakeRows = (ring: number, { wakes, ringBytes }: Waking, isEnd: boolean): Row[] =>
  wakes === 'others read'
    ? [move(4, value(WAKEUP_IF_READ))]
    : [
        loadMap(1, ring),
        move(2, value(UNREAD_BYTES)),
        call(HELPER.ringbufQuery),
        move(4, value(NO_WAKEUP)),
        when(0, '<=', value(ringBytes / 2), 'quietly'),
        move(4, value(WAKEUP)),
        label('quietly'),
        ...(isEnd ? WAKE_IF_UNTOLD : []),
      ];

export const submit = (
  ring: number,
  waking: Waking,
  of: 'a birth' | 'an end' | 'the end of a thread',
): readonly Row[] => [
  ...wakeRows(ring, waking, of === 'an end'),
  move(1, RECORD),
  move(2, 4),
  call(HELPER.ringbufSubmit),
];

/** Writes what was built in the scratch value, as far as it says that it goes; continues at `full` where the ring has no room. */
export const output = (ring: number, waking: Waking, of: 'an exec' | 'an end'): readonly Row[] => [
  ...wakeRows(ring, waking, of === 'an end'),
  load('u32', 3, RECORD, FACT.cwdEnd),
  when(3, '<=', value(MOST_BYTES), 'sized'), //      which it is; the verifier does not know
  move(3, value(MOST_BYTES)),
  label('sized'),
  loadMap(1, ring),
  move(2, RECORD),
  call(HELPER.ringbufOutput),
  when(0, '!=', value(0), 'full'),
];
