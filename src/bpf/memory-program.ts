/**
 * The program that notes what a process loses before its end is final: the peak of its memory, which file it ran, and its parent. The first
 * two hang on the memory, which the kernel lets go in the middle of exit; the parent may be gone as soon as it has waited. The note is left
 * in a table for the program that settles the account.
 */
import { ANY, HELPER } from './abi.ts';
import type { Btf } from './btf.ts';
import {
  add,
  call,
  exit,
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
import { offsetsOf, typeId, UnknownLayout } from './offsets.ts';
import { OUT, type TracepointProgram } from './tracepoint-program.ts';

/** By birth and number: nobody finds the note of another who had the same number. Byte offsets. */
export const KEY = { start: 0, tgid: 8, bytes: 16 } as const;
export const NOTE = { peakPages: 0, exeInode: 8, ppid: 16, bytes: 24 } as const;
/** A note waits for some microseconds, and what is never asked for makes room; but each CPU keeps 128 of them to itself. */
export const MOST_NOTES = 16_384;

const NEEDED = {
  tgid: ['task_struct', 'tgid', 4],
  leader: ['task_struct', 'group_leader', 8],
  parent: ['task_struct', 'real_parent', 8],
  start: ['task_struct', 'start_boottime', 8],
  signal: ['task_struct', 'signal', 8],
  mm: ['task_struct', 'mm', 8],
  live: ['signal_struct', 'live', 4],
  highest: ['mm_struct', 'hiwater_rss', 8],
  exeFile: ['mm_struct', 'exe_file', 8],
  inode: ['file', 'f_inode', 8],
  number: ['inode', 'i_ino', 8],
} as const;

/** MM_FILEPAGES, MM_ANONPAGES, MM_SHMEMPAGES (linux/mm_types_task.h): what is resident; between them stand the swap entries. */
const RESIDENT = [0, 1, 3] as const;
const COUNTERS = 4;

const TASK: Register = 6;
const MEMORY: Register = 7;
const PEAK: Register = 8;
const COUNTER_BYTES = 8;
const ON_STACK = {
  key: -KEY.bytes,
  note: -KEY.bytes - NOTE.bytes,
  counters: -KEY.bytes - NOTE.bytes - COUNTERS * COUNTER_BYTES,
} as const;

/** The counters are rough, and for a moment one may lie below zero, which unsigned is more than any memory has. */
const MOST_PAGES = 0x7fffffff;

const addCounter = (i: number, from: Register, offset: number): Row[] => [
  load('u64', 1, from, offset),
  when(1, '>', value(MOST_PAGES), `negative${i}`),
  add(PEAK, 1),
  label(`negative${i}`),
];

/**
 * Adds up the counters of resident pages in mm_struct. Since 6.2 each is a `percpu_counter`. Before, they were numbers of a type that the
 * verifier cannot look into: they are copied by address.
 */
function addResident(btf: Btf): Row[] {
  const all = btf.member('mm_struct', 'rss_stat');
  const inOne = btf.member('percpu_counter', 'count');
  if (all === undefined || inOne === undefined) throw new UnknownLayout("this kernel's BTF has no mm_struct.rss_stat");
  const step = all.bytes / COUNTERS;
  if (step > COUNTER_BYTES) {
    return RESIDENT.flatMap((which, i) => addCounter(i, MEMORY, all.offset + which * step + inOne.offset));
  }
  return [
    move(1, FRAME),
    add(1, value(ON_STACK.counters)),
    move(2, value(all.bytes)),
    move(3, MEMORY),
    add(3, value(all.offset)),
    call(HELPER.probeReadKernel),
    when(0, '!=', value(0), 'out'), //                 locked down
    ...RESIDENT.flatMap((which, i) => addCounter(i, FRAME, ON_STACK.counters + which * COUNTER_BYTES)),
  ];
}

/**
 * Since 6.16 the tracepoint of exit comes while the memory is there, and tells the last thread by a third parameter. Before, the
 * function that makes taskstats of the same moment does.
 */
function attachment(btf: Btf): Pick<TracepointProgram, 'attach' | 'attachTo'> {
  const name = 'btf_trace_sched_process_exit';
  // A typedef counts the data that a program is attached with as one parameter more.
  return (btf.parametersOf(name) ?? 0) > 2
    ? { attach: 'tracepoint', attachTo: typeId(btf, 'typedef', name) }
    : { attach: 'entry', attachTo: typeId(btf, 'func', 'taskstats_exit') };
}

/** Throws UnknownLayout. */
export function memoryProgram(btf: Btf): TracepointProgram {
  const at = offsetsOf(btf, NEEDED);
  const resident = addResident(btf);
  return {
    ...attachment(btf),
    scratchBytes: 0,
    rows: ({ notes }) => [
      load('u64', TASK, 1, 0), //                     (struct task_struct *task, …)
      load('u64', 1, TASK, at.signal),
      load('u32', 1, 1, at.live),
      when(1, '!=', value(0), 'out'), //              others of its threads live on
      load('u64', MEMORY, TASK, at.mm),
      when(MEMORY, '==', value(0), 'out'), //         a thread of the kernel
      move(PEAK, value(0)),
      ...resident,
      load('u64', 1, MEMORY, at.highest), //          brought up to date only when memory is given back
      when(PEAK, '>', 1, 'highest'),
      move(PEAK, 1),
      label('highest'),
      store('u64', FRAME, ON_STACK.note + NOTE.peakPages, PEAK),
      store('u64', FRAME, ON_STACK.note + NOTE.exeInode, value(0)),
      load('u64', 1, MEMORY, at.exeFile),
      when(1, '==', value(0), 'no file'),
      load('u64', 1, 1, at.inode),
      when(1, '==', value(0), 'no file'),
      load('u64', 1, 1, at.number),
      store('u64', FRAME, ON_STACK.note + NOTE.exeInode, 1),
      label('no file'),
      load('u64', 1, TASK, at.parent),
      load('u32', 1, 1, at.tgid),
      store('u64', FRAME, ON_STACK.note + NOTE.ppid, 1),
      load('u64', 1, TASK, at.leader),
      load('u64', 1, 1, at.start),
      store('u64', FRAME, ON_STACK.key + KEY.start, 1),
      load('u32', 1, TASK, at.tgid),
      store('u64', FRAME, ON_STACK.key + KEY.tgid, 1),
      loadMap(1, notes),
      move(2, FRAME),
      add(2, value(ON_STACK.key)),
      move(3, FRAME),
      add(3, value(ON_STACK.note)),
      move(4, value(ANY)),
      call(HELPER.mapUpdate),
      OUT,
      move(0, value(0)),
      exit(),
    ],
  };
}
