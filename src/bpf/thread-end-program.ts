/**
 * The program that sees the end of every thread, on the tracepoint sched_process_exit, but of a first thread that ends its process: that is
 * told by the end program. To be attached before it, so that the last thread of a process is told before the process.
 *
 * Source: kernel/exit.c (`do_exit`), kernel/tracepoint.c (programs run in the order in which they were attached).
 */
import type { Btf } from './btf.ts';
import { keepsMemory } from './end-program.ts';
import { FACT, FACT_KIND } from './fact-record.ts';
import { headRows, recordInRing, submit, untrust, type Waking } from './fact-rows.ts';
import { and, label, load, move, type Register, type Row, store, value, when } from './instructions.ts';
import { offsetsOf, typeId } from './offsets.ts';
import { RECORD } from './path-walk.ts';
import { endRows, type TracepointProgram } from './tracepoint-program.ts';

const TRACEPOINT = 'btf_trace_sched_process_exit';

const NEEDED = {
  pid: ['task_struct', 'pid', 4],
  tgid: ['task_struct', 'tgid', 4],
  signal: ['task_struct', 'signal', 8],
  exitCode: ['task_struct', 'exit_code', 4],
  live: ['signal_struct', 'live', 4],
} as const;

const TASK: Register = 6;
const CONTEXT: Register = 7;

/** Throws UnknownLayout. */
export function threadEndProgram(btf: Btf, waking: Waking): TracepointProgram {
  const at = offsetsOf(btf, NEEDED);
  /** To `out` for the last thread of its process. */
  const unlessLast: Row[] = keepsMemory(btf)
    ? [load('u64', 2, CONTEXT, 8), and(2, value(0xff)), when(2, '!=', value(0), 'out')]
    : [load('u64', 2, TASK, at.signal), load('u32', 2, 2, at.live), when(2, '==', value(0), 'out')];
  return {
    attach: 'tracepoint',
    attachTo: typeId(btf, 'typedef', TRACEPOINT),
    scratchBytes: 0,
    rows: ({ ring, lost }) => [
      move(CONTEXT, 1), //                             (struct task_struct *task, bool group_dead)
      load('u64', TASK, CONTEXT, 0),
      ...untrust(btf, TASK, 'task_struct'),
      load('u32', 1, TASK, at.pid),
      load('u32', 2, TASK, at.tgid),
      when(1, '!=', 2, 'not the first'),
      ...unlessLast,
      label('not the first'),
      ...recordInRing(ring, FACT.threadEndBytes),
      ...headRows(btf, FACT_KIND.threadEnd, TASK),
      load('u32', 1, TASK, at.pid),
      store('u32', RECORD, FACT.tid, 1),
      load('u32', 1, TASK, at.exitCode),
      store('u32', RECORD, FACT.status, 1),
      ...submit(ring, waking, 'the end of a thread'),
      ...endRows(lost),
    ],
  };
}
