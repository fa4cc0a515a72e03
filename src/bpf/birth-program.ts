/**
 * The program that sees every birth of a process, or of a thread too, on the tracepoint sched_process_fork: for where the connector cannot
 * tell them. Its record is in the ring before the child runs for the first time. Unlike the connector it knows who made the child, and under
 * which name and user.
 *
 * Source: kernel/fork.c (`kernel_clone`).
 */
import type { Btf } from './btf.ts';
import { FACT, FACT_KIND } from './fact-record.ts';
import { headRows, recordInRing, submit, untrust, type Waking, whoRows } from './fact-rows.ts';
import { load, type Register, store, value, when } from './instructions.ts';
import { offsetsOf, typeId } from './offsets.ts';
import { RECORD } from './path-walk.ts';
import { endRows, type TracepointProgram } from './tracepoint-program.ts';

const NEEDED = { pid: ['task_struct', 'pid', 4], tgid: ['task_struct', 'tgid', 4] } as const;

const CHILD: Register = 6;
const CREATOR: Register = 7;

export interface BirthWants extends Waking {
  readonly of: 'processes' | 'threads too';
}

/** Throws UnknownLayout. */
export function birthProgram(btf: Btf, wants: BirthWants): TracepointProgram {
  const at = offsetsOf(btf, NEEDED);
  return {
    attach: 'tracepoint',
    attachTo: typeId(btf, 'typedef', 'btf_trace_sched_process_fork'),
    scratchBytes: 0,
    rows: ({ ring, lost }) => [
      load('u64', CREATOR, 1, 0), //                   (struct task_struct *parent,
      load('u64', CHILD, 1, 8), //                      struct task_struct *child)
      load('u32', 1, CHILD, at.pid),
      load('u32', 2, CHILD, at.tgid),
      ...(wants.of === 'processes' ? [when(1, '!=', 2, 'out')] : []),
      load('u32', CREATOR, CREATOR, at.tgid),
      ...untrust(btf, CHILD, 'task_struct'),
      ...recordInRing(ring, FACT.endBytes),
      ...headRows(btf, FACT_KIND.birth, CHILD),
      store('u32', RECORD, FACT.tid, CREATOR),
      load('u32', 1, CHILD, at.pid),
      store('u32', RECORD, FACT.born, 1),
      store('u32', RECORD, FACT.flags, value(0)),
      ...whoRows(btf, CHILD), //                       those of who made it
      ...submit(ring, wants, 'a birth'),
      ...endRows(lost),
    ],
  };
}
