/**
 * The program that sees every exec: on the tracepoint sched_process_exec it writes who executes what into the ring, at a moment when
 * nothing of the new program has run yet, and right before the connector tells the exec.
 *
 * Source: fs/exec.c (`exec_binprm`: trace_sched_process_exec comes before proc_exec_connector).
 */
import type { Btf } from './btf.ts';
import { FACT, FACT_KIND } from './fact-record.ts';
import { headRows, output, realUserRows, recordInScratch, untrust, type Waking, whoRows } from './fact-rows.ts';
import { type ImageWants, imageRows, SCRATCH_BYTES, TASK, TASK_ON_STACK } from './image-rows.ts';
import { FRAME, load, type Register, store, value } from './instructions.ts';
import { offsetsOf, typeId } from './offsets.ts';
import { RECORD } from './path-walk.ts';
import { endRows, type TracepointProgram } from './tracepoint-program.ts';

export interface ExecWants extends Waking, Pick<ImageWants, 'walk' | 'args'> {}

const NEEDED = { filename: ['linux_binprm', 'exec', 8] } as const;

const BINPRM: Register = 7;
const CALLER: Register = 9;

/** Throws UnknownLayout. */
export function execProgram(btf: Btf, wants: ExecWants): TracepointProgram {
  const at = offsetsOf(btf, NEEDED);
  // The copy on the new stack: AT_EXECFN.
  const path = [load('u64', 3, BINPRM, at.filename)];
  const image = imageRows(btf, { ...wants, path });
  return {
    attach: 'tracepoint',
    attachTo: typeId(btf, 'typedef', 'btf_trace_sched_process_exec'),
    scratchBytes: SCRATCH_BYTES,
    rows: ({ ring, lost, scratch }) => [
      load('u64', TASK, 1, 0), //                      (struct task_struct *task,
      load('u64', CALLER, 1, 8), //                     pid_t old_pid,
      load('u64', BINPRM, 1, 16), //                    struct linux_binprm *bprm)
      ...untrust(btf, TASK, 'task_struct'),
      ...untrust(btf, BINPRM, 'linux_binprm'),
      store('u64', FRAME, TASK_ON_STACK, TASK),
      ...recordInScratch(scratch),
      ...headRows(btf, FACT_KIND.exec, TASK),
      store('u32', RECORD, FACT.tid, CALLER),
      store('u32', RECORD, FACT.status, value(0)),
      store('u32', RECORD, FACT.flags, value(0)),
      ...whoRows(btf, TASK), //                        comm is set already (begin_new_exec)
      ...realUserRows(btf, TASK),
      ...image,
      ...output(ring, wants, 'an exec'),
      ...endRows(lost),
    ],
  };
}
