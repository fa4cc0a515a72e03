/**
 * The program that sees every end of a process: on the tracepoint sched_process_exit, by the last of its threads, whichever that is. It
 * writes the status that the parent gets, before the parent's wait returns and before the connector tells the end of the leader. Where
 * nobody remembers who the process was, it writes that too, from the memory of the process itself.
 *
 * Source: kernel/exit.c (`do_exit`, `wait_task_zombie`); the tracepoint comes before exit_mm and has a third parameter since 6.16.
 */
import type { Btf } from './btf.ts';
import { END_FLAG, FACT, FACT_KIND } from './fact-record.ts';
import {
  headRows,
  output,
  realUserRows,
  recordInRing,
  recordInScratch,
  submit,
  untrust,
  type Waking,
  whoRows,
} from './fact-rows.ts';
import { type ImageWants, imageRows, SCRATCH_BYTES, TASK, TASK_ON_STACK } from './image-rows.ts';
import {
  and,
  exit,
  FRAME,
  go,
  label,
  load,
  move,
  or,
  type Register,
  type Row,
  store,
  value,
  when,
} from './instructions.ts';
import { offsetsOf, optionalOffsets, typeId } from './offsets.ts';
import { RECORD } from './path-walk.ts';
import { countLost, OUT, type TracepointProgram } from './tracepoint-program.ts';

export interface EndWants extends Waking, Pick<ImageWants, 'walk' | 'args'> {
  /** `status`: how it ended. `whole`: also who it was. */
  readonly tells: 'status' | 'whole';
  /** Ends with status 0 are not told. */
  readonly onlyFailures: boolean;
}

const TRACEPOINT = 'btf_trace_sched_process_exit';

const NEEDED = {
  pid: ['task_struct', 'pid', 4],
  leader: ['task_struct', 'group_leader', 8],
  signal: ['task_struct', 'signal', 8],
  exitCode: ['task_struct', 'exit_code', 4],
  flags: ['task_struct', 'flags', 4],
  live: ['signal_struct', 'live', 4],
  signalFlags: ['signal_struct', 'flags', 4],
  groupExitCode: ['signal_struct', 'group_exit_code', 4],
} as const;
const OF_MEMORY = { oomMm: ['signal_struct', 'oom_mm', 8] } as const;

/** include/linux/sched.h, linux/sched/signal.h */
const PF_FORKNOEXEC = 0x40;
const SIGNAL_GROUP_EXIT = 0x4;

const SIGNAL: Register = 7;
const LEADER: Register = 9;
const STATUS_ON_STACK = -40;

/** The typedef has a parameter more than the tracepoint: since 6.16 it also says whether this thread is the last. */
const PARAMETERS = { old: 2, withGroupDead: 3 } as const;

/** Whether the memory of the process is still there when the program runs. */
export const keepsMemory = (btf: Btf): boolean => (btf.parametersOf(TRACEPOINT) ?? 0) >= PARAMETERS.withGroupDead;

/** Throws UnknownLayout. */
export function endProgram(btf: Btf, wants: EndWants): TracepointProgram {
  const at = offsetsOf(btf, NEEDED);
  const memory = optionalOffsets(btf, OF_MEMORY);
  const isWhole = wants.tells === 'whole';

  /** Before 6.16 the count of living threads is all there is to see: for a moment more than one may find it at 0. */
  const lastThread: Row[] = keepsMemory(btf)
    ? [load('u64', 2, 1, 8), and(2, value(0xff)), when(2, '==', value(0), 'out')]
    : [load('u64', 2, 1, 0), load('u64', 2, 2, at.signal), load('u32', 2, 2, at.live), when(2, '!=', value(0), 'out')];

  const status: Row[] = [
    load('u32', 2, LEADER, at.exitCode),
    load('u32', 1, SIGNAL, at.signalFlags),
    and(1, value(SIGNAL_GROUP_EXIT)),
    when(1, '==', value(0), 'by itself'),
    load('u32', 2, SIGNAL, at.groupExitCode), //       all of them at once: the group's code
    label('by itself'),
    ...(wants.onlyFailures ? [when(2, '==', value(0), 'out')] : []),
    store('u64', FRAME, STATUS_ON_STACK, 2),
  ];

  const flags: Row[] = [
    move(2, value(0)),
    load('u32', 1, LEADER, at.flags),
    and(1, value(PF_FORKNOEXEC)),
    when(1, '==', value(0), 'executed'),
    or(2, value(END_FLAG.onlyForked)),
    label('executed'),
    ...(memory === undefined
      ? []
      : [
          load('u64', 1, SIGNAL, memory.oomMm),
          when(1, '==', value(0), 'no want'),
          or(2, value(END_FLAG.outOfMemory)),
          label('no want'),
        ]),
    store('u32', RECORD, FACT.flags, 2),
  ];

  const leave: readonly Row[] = [move(0, value(0)), exit()];
  return {
    attach: 'tracepoint',
    attachTo: typeId(btf, 'typedef', TRACEPOINT),
    scratchBytes: isWhole ? SCRATCH_BYTES : 0,
    rows: ({ ring, lost, scratch }) => [
      ...lastThread, //                                (struct task_struct *task, bool group_dead)
      load('u64', TASK, 1, 0),
      ...untrust(btf, TASK, 'task_struct'),
      load('u64', SIGNAL, TASK, at.signal),
      load('u64', LEADER, TASK, at.leader),
      ...status,
      ...(isWhole ? recordInScratch(scratch) : recordInRing(ring, FACT.endBytes)),
      ...headRows(btf, FACT_KIND.end, LEADER),
      load('u32', 1, TASK, at.pid),
      store('u32', RECORD, FACT.tid, 1),
      load('u64', 1, FRAME, STATUS_ON_STACK),
      store('u32', RECORD, FACT.status, 1),
      ...whoRows(btf, LEADER),
      ...flags,
      ...(isWhole
        ? [
            ...realUserRows(btf, LEADER),
            store('u64', FRAME, TASK_ON_STACK, TASK), // the leader's memory may be gone long since
            ...imageRows(btf, { ...wants, path: undefined }),
            ...output(ring, wants, 'an end'),
          ]
        : submit(ring, wants, 'an end')),
      go('out'),
      label('full'),
      ...countLost(lost),
      OUT,
      ...leave,
    ],
  };
}
