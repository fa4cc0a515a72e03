/**
 * The program that settles the account of every process: when its last thread is switched off the CPU for good, all that it used is in the
 * kernel's counters. Earlier it is not, neither at the tracepoint of exit nor in taskstats: those miss the time since the last tick,
 * which is all the time that a short process has. It runs at every switch of tasks, and leaves at its third instruction for all others.
 *
 * Source: kernel/exit.c (`do_task_dead`, `__exit_signal`), kernel/sched/core.c (`__schedule`), kernel/sched/cputime.c.
 */
import { HELPER, NO_WAKEUP, UNREAD_BYTES, WAKEUP } from './abi.ts';
import { ACCOUNT } from './account-record.ts';
import { accountSums } from './account-sums.ts';
import type { Btf } from './btf.ts';
import {
  add,
  call,
  exit,
  FRAME,
  go,
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
import { KEY, NOTE } from './memory-program.ts';
import { offsetsOf, optionalOffsets, typeId } from './offsets.ts';
import { OUT, type TracepointProgram } from './tracepoint-program.ts';

const NEEDED = {
  state: ['task_struct', '__state', 4],
  pid: ['task_struct', 'pid', 4],
  tgid: ['task_struct', 'tgid', 4],
  leader: ['task_struct', 'group_leader', 8],
  identity: ['task_struct', 'thread_pid', 8],
  start: ['task_struct', 'start_boottime', 8],
  comm: ['task_struct', 'comm', 16],
  cred: ['task_struct', 'real_cred', 8],
  exitCode: ['task_struct', 'exit_code', 4],
  signal: ['task_struct', 'signal', 8],
  uid: ['cred', 'uid', 4],
  gid: ['cred', 'gid', 4],
  live: ['signal_struct', 'live', 4],
  threads: ['signal_struct', 'nr_threads', 4],
  flags: ['signal_struct', 'flags', 4],
  groupExitCode: ['signal_struct', 'group_exit_code', 4],
  toldUser: ['signal_struct', 'prev_cputime.utime', 8],
  toldSystem: ['signal_struct', 'prev_cputime.stime', 8],
  sequence: ['signal_struct', 'stats_lock.seqcount', 4],
} as const;

/** Of all threads where there were several, else of the one. */
const DELAYS = {
  ofAll: ['signal_struct', 'stats', 8],
  total: ['taskstats', 'blkio_delay_total', 8],
  ofOne: ['task_struct', 'delays', 8],
  nanos: ['task_delay_info', 'blkio_delay', 8],
} as const;

/** TASK_DEAD (linux/sched.h). */
const DEAD = 0x80;

/** The thread that is switched off; once it is known which that is, a scratch register. */
const TASK: Register = 6;
const SEQUENCE: Register = 6;
const SIGNAL: Register = 7;
const RECORD: Register = 8;
const LEADER: Register = 9;
const ON_STACK = { key: -KEY.bytes } as const;

/** Who reaps the process adds it up, on another CPU perhaps, and is done in less time than these take. */
const ATTEMPTS = 8;

export interface AccountWants {
  /** Ends with status 0 are not told. */
  readonly onlyFailures: boolean;
  /** From half of this on, unread, the reader is woken. */
  readonly ringBytes: number;
}

/** Throws UnknownLayout. */
export function accountProgram(btf: Btf, { onlyFailures, ringBytes }: AccountWants): TracepointProgram {
  const at = offsetsOf(btf, NEEDED);
  const delays = optionalOffsets(btf, DELAYS);
  const threads = optionalOffsets(btf, { ofAll: DELAYS.ofAll });

  const sums = accountSums(btf, { signal: SIGNAL, leader: LEADER, record: RECORD });

  const attempt = (i: number): Row[] => [
    load('u32', SEQUENCE, SIGNAL, at.sequence),
    when(SEQUENCE, '&', value(1), `busy${i}`), //        being written
    load('u32', 1, SIGNAL, at.threads),
    store('u32', RECORD, ACCOUNT.threadsLeft, 1),
    load('u64', 1, LEADER, at.identity),
    when(1, '==', value(0), `reaped${i}`), //            gone: the sums have it
    ...sums({ gone: true, first: true }),
    go(`check${i}`),
    label(`reaped${i}`),
    ...sums({ gone: true, first: false }),
    label(`check${i}`),
    load('u32', 1, SIGNAL, at.sequence),
    when(1, '==', SEQUENCE, 'settled'),
    label(`busy${i}`),
    call(HELPER.monotonicNanos), //                      takes a moment
  ];

  /** A process that never had another thread is the first one, whoever adds up what. */
  const alone: Row[] =
    threads === undefined
      ? []
      : [
          load('u64', 1, SIGNAL, threads.ofAll),
          when(1, '!=', value(0), 'several'),
          ...sums({ gone: false, first: true }),
          go('settled'),
          label('several'),
        ];

  const who: Row[] = [
    load('u64', 1, LEADER, at.start),
    store('u64', RECORD, ACCOUNT.start, 1),
    store('u64', FRAME, ON_STACK.key + KEY.start, 1),
    load('u32', 1, LEADER, at.tgid),
    store('u32', RECORD, ACCOUNT.tgid, 1),
    store('u64', FRAME, ON_STACK.key + KEY.tgid, 1),
    load('u64', 1, LEADER, at.comm),
    store('u64', RECORD, ACCOUNT.comm, 1),
    load('u64', 1, LEADER, at.comm + 8),
    store('u64', RECORD, ACCOUNT.comm + 8, 1),
    load('u64', 1, LEADER, at.cred),
    load('u32', 2, 1, at.uid),
    store('u32', RECORD, ACCOUNT.realUid, 2),
    load('u32', 2, 1, at.gid),
    store('u32', RECORD, ACCOUNT.realGid, 2),
    load('u32', 1, LEADER, at.exitCode),
    store('u32', RECORD, ACCOUNT.exitCode, 1),
    load('u32', 1, SIGNAL, at.flags),
    store('u32', RECORD, ACCOUNT.signalFlags, 1),
    load('u32', 1, SIGNAL, at.groupExitCode),
    store('u32', RECORD, ACCOUNT.groupExitCode, 1),
    load('u64', 1, SIGNAL, at.toldUser),
    store('u64', RECORD, ACCOUNT.toldUserNanos, 1),
    load('u64', 1, SIGNAL, at.toldSystem),
    store('u64', RECORD, ACCOUNT.toldSystemNanos, 1),
  ];

  const delay: Row[] =
    delays === undefined
      ? [store('u64', RECORD, ACCOUNT.ioDelayNanos, value(0))]
      : [
          move(2, value(0)),
          load('u64', 1, SIGNAL, delays.ofAll),
          when(1, '==', value(0), 'one'),
          load('u64', 2, 1, delays.total),
          go('delay'),
          label('one'),
          load('u64', 1, LEADER, delays.ofOne),
          when(1, '==', value(0), 'delay'), //           nobody counts them
          load('u64', 2, 1, delays.nanos),
          label('delay'),
          store('u64', RECORD, ACCOUNT.ioDelayNanos, 2),
        ];

  const note = (notes: number): Row[] => [
    store('u64', RECORD, ACCOUNT.peakPages, value(0)),
    store('u64', RECORD, ACCOUNT.exeInode, value(0)),
    store('u32', RECORD, ACCOUNT.hasMemory, value(0)),
    store('u32', RECORD, ACCOUNT.ppid, value(0)),
    loadMap(1, notes),
    move(2, FRAME),
    add(2, value(ON_STACK.key)),
    call(HELPER.mapLookup),
    when(0, '==', value(0), 'no note'),
    load('u64', 1, 0, NOTE.peakPages),
    store('u64', RECORD, ACCOUNT.peakPages, 1),
    load('u64', 1, 0, NOTE.exeInode),
    store('u64', RECORD, ACCOUNT.exeInode, 1),
    load('u64', 1, 0, NOTE.ppid),
    store('u32', RECORD, ACCOUNT.ppid, 1),
    store('u32', RECORD, ACCOUNT.hasMemory, value(1)),
    loadMap(1, notes),
    move(2, FRAME),
    add(2, value(ON_STACK.key)),
    call(HELPER.mapDelete),
    label('no note'),
  ];

  /** By either code: which of them counts is the reader's to say. */
  const unlessFailed: Row[] = onlyFailures
    ? [
        load('u32', 1, LEADER, at.exitCode),
        when(1, '!=', value(0), 'wanted'),
        load('u32', 1, SIGNAL, at.groupExitCode),
        when(1, '==', value(0), 'out'),
        label('wanted'),
      ]
    : [];

  return {
    attach: 'tracepoint',
    attachTo: typeId(btf, 'typedef', 'btf_trace_sched_switch'),
    scratchBytes: 0,
    rows: ({ ring, notes }) => [
      load('u64', TASK, 1, 8), //                        (bool preempt, struct task_struct *prev, …)
      load('u32', 2, TASK, at.state),
      when(2, '!=', value(DEAD), 'out'),
      load('u64', SIGNAL, TASK, at.signal), //           held as long as the task is
      load('u32', 1, SIGNAL, at.live),
      when(1, '!=', value(0), 'out'), //                 others of its threads live on
      load('u64', LEADER, TASK, at.leader),
      load('u32', 1, TASK, at.pid),
      load('u32', 2, TASK, at.tgid),
      when(1, '==', 2, 'last'),
      load('u32', 1, SIGNAL, at.threads), //             another thread than the first tells the end
      when(1, '>', value(1), 'out'), //                  if all but the first are in the sums
      load('u32', 1, LEADER, at.state), //               and that one was switched off before
      when(1, '!=', value(DEAD), 'out'),
      label('last'),
      ...unlessFailed,
      loadMap(1, ring),
      move(2, value(ACCOUNT.bytes)),
      move(3, value(0)),
      call(HELPER.ringbufReserve),
      when(0, '==', value(0), 'out'), //                 no room: whoever waits for it will notice
      move(RECORD, 0),
      ...Array.from({ length: ATTEMPTS }, (_, i) => attempt(i)).flat(),
      ...alone,
      move(1, RECORD), //                                never settled: rather none than a wrong one
      move(2, value(NO_WAKEUP)),
      call(HELPER.ringbufDiscard),
      go('out'),
      label('settled'),
      ...who,
      ...delay,
      ...note(notes),
      loadMap(1, ring),
      move(2, value(UNREAD_BYTES)),
      call(HELPER.ringbufQuery),
      move(2, value(NO_WAKEUP)),
      when(0, '<=', value(ringBytes / 2), 'quietly'),
      move(2, value(WAKEUP)),
      label('quietly'),
      move(1, RECORD),
      call(HELPER.ringbufSubmit),
      OUT,
      move(0, value(0)),
      exit(),
    ],
  };
}
