/**
 * The program that settles the account of every process: on the tracepoint sched_process_free, for leaders only, it writes what
 * signal_struct has summed up. There the sums are final, which they are not at sched_process_exit nor in taskstats: those miss the time
 * since the last tick, which is all the time that a short process has.
 */
import { HELPER, NO_WAKEUP } from './abi.ts';
import type { Btf } from './btf.ts';
import { END } from './end-record.ts';
import {
  call,
  exit,
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
import { attachId, offsetsOf } from './offsets.ts';
import { countLost, OUT, type TracepointProgram } from './tracepoint-program.ts';

const NEEDED = {
  pid: ['task_struct', 'pid', 4],
  tgid: ['task_struct', 'tgid', 4],
  start: ['task_struct', 'start_boottime', 8],
  comm: ['task_struct', 'comm', 16],
  exitCode: ['task_struct', 'exit_code', 4],
  signal: ['task_struct', 'signal', 8],
  flags: ['signal_struct', 'flags', 4],
  groupExitCode: ['signal_struct', 'group_exit_code', 4],
  cpuNanos: ['signal_struct', 'sum_sched_runtime', 8],
  userNanos: ['signal_struct', 'utime', 8],
  systemNanos: ['signal_struct', 'stime', 8],
  minorFaults: ['signal_struct', 'min_flt', 8],
  majorFaults: ['signal_struct', 'maj_flt', 8],
  voluntarySwitches: ['signal_struct', 'nvcsw', 8],
  involuntarySwitches: ['signal_struct', 'nivcsw', 8],
  peakPages: ['signal_struct', 'maxrss', 8],
} as const;

/** The sums that are copied as they are, from the member to the field of the same name. */
const SUMS = [
  'cpuNanos',
  'userNanos',
  'systemNanos',
  'minorFaults',
  'majorFaults',
  'voluntarySwitches',
  'involuntarySwitches',
  'peakPages',
] as const;

const TASK: Register = 6;
const SIGNAL: Register = 7;
const RECORD: Register = 8;

/** Throws UnknownLayout. */
export function endProgram(btf: Btf): TracepointProgram {
  const at = offsetsOf(btf, NEEDED);
  const sums: Row[] = SUMS.flatMap((name) => [load('u64', 1, SIGNAL, at[name]), store('u64', RECORD, END[name], 1)]);
  return {
    attachTo: attachId(btf, 'typedef', 'btf_trace_sched_process_free'),
    scratchBytes: 0,
    rows: ({ ring, lost }) => [
      load('u64', TASK, 1, 0), //                     (struct task_struct *task)
      load('u32', 1, TASK, at.pid),
      load('u32', 2, TASK, at.tgid),
      when(1, '!=', 2, 'out'), //                     a thread: its share is in the sums
      loadMap(1, ring),
      move(2, value(END.bytes)),
      move(3, value(0)),
      call(HELPER.ringbufReserve),
      when(0, '==', value(0), 'full'),
      move(RECORD, 0),
      call(HELPER.monotonicNanos),
      store('u64', RECORD, END.at, 0),
      load('u64', 1, TASK, at.start),
      store('u64', RECORD, END.start, 1),
      load('u32', 1, TASK, at.tgid),
      store('u32', RECORD, END.tgid, 1),
      load('u32', 1, TASK, at.exitCode),
      store('u32', RECORD, END.exitCode, 1),
      load('u64', 1, TASK, at.comm),
      store('u64', RECORD, END.comm, 1),
      load('u64', 1, TASK, at.comm + 8),
      store('u64', RECORD, END.comm + 8, 1),
      load('u64', SIGNAL, TASK, at.signal), //        still held by this last reference
      load('u32', 1, SIGNAL, at.flags),
      store('u32', RECORD, END.signalFlags, 1),
      load('u32', 1, SIGNAL, at.groupExitCode),
      store('u32', RECORD, END.groupExitCode, 1),
      ...sums,
      move(1, RECORD),
      move(2, value(NO_WAKEUP)),
      call(HELPER.ringbufSubmit),
      go('out'),
      label('full'),
      ...countLost(lost),
      OUT,
      move(0, value(0)),
      exit(),
    ],
  };
}
