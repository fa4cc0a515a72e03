/**
 * The iterator that dumps tasks: the kernel calls it once for each, and it writes the base facts of those that are asked for. What is
 * not wanted never leaves the kernel.
 *
 * Source: kernel/bpf/task_iter.c (`struct bpf_iter__task`: meta, then the task, NULL at the end of the walk).
 */
import { HELPER } from './abi.ts';
import type { Btf } from './btf.ts';
import { untrust } from './fact-rows.ts';
import { add, call, exit, FRAME, load, move, type Register, type Row, store, value, when } from './instructions.ts';
import { offsetsOf, optionalOffsets, typeId } from './offsets.ts';
import { TASK as FIELD, UNTOLD } from './task-record.ts';
import { OUT } from './tracepoint-program.ts';

const NEEDED = {
  seq: ['bpf_iter_meta', 'seq', 8],
  pid: ['task_struct', 'pid', 4],
  tgid: ['task_struct', 'tgid', 4],
  parent: ['task_struct', 'real_parent', 8],
  start: ['task_struct', 'start_boottime', 8],
  cred: ['task_struct', 'real_cred', 8],
  comm: ['task_struct', 'comm', 16],
  taskFlags: ['task_struct', 'flags', 4],
  exitState: ['task_struct', 'exit_state', 4],
  exitCode: ['task_struct', 'exit_code', 4],
  signal: ['task_struct', 'signal', 8],
  uid: ['cred', 'uid', 4],
  euid: ['cred', 'euid', 4],
  threads: ['signal_struct', 'nr_threads', 4],
  flags: ['signal_struct', 'flags', 4],
  groupExitCode: ['signal_struct', 'group_exit_code', 4],
} as const;

export interface TaskSelection {
  /** `leaders`: one record for each process; `all`: one for each thread. */
  readonly tasks: 'leaders' | 'all';
  /** Only the children of this process. */
  readonly ppid?: number;
  /** Only this process. */
  readonly pid?: number;
}

export interface TaskProgram {
  /** BTF id of the function `bpf_iter_task`. */
  readonly attachTo: number;
  readonly rows: readonly Row[];
}

const META: Register = 6;
const TASK: Register = 7;
const SIGNAL: Register = 8;
/** The record is built on the stack. */
const at = (field: number): number => field - FIELD.bytes;

/** Until 5.13 a long called `state`: the load must fit. */
function stateRows(btf: Btf): Row[] {
  const now = optionalOffsets(btf, { state: ['task_struct', '__state', 4] });
  const then = now ?? offsetsOf(btf, { state: ['task_struct', 'state', 8] });
  return [load(now ? 'u32' : 'u64', 1, TASK, then.state), store('u32', FRAME, at(FIELD.state), 1)];
}

/** `enum pid_type` (include/linux/pid_types.h), since 4.19. */
const PIDTYPE = { processGroup: 2, session: 3 } as const;

/** signal->pids[type]->numbers[0].nr: the number in the initial namespace. */
function idRows(btf: Btf): Row[] {
  const pids = btf.member('signal_struct', 'pids');
  const numbers = btf.member('pid', 'numbers');
  const number = btf.member('upid', 'nr');
  return (['processGroup', 'session'] as const).flatMap((name) =>
    pids === undefined || numbers === undefined || number === undefined
      ? [store('u32', FRAME, at(FIELD[name]), value(UNTOLD | 0))]
      : [
          load('u64', 1, SIGNAL, pids.offset + 8 * PIDTYPE[name]),
          load('u32', 1, 1, numbers.offset + number.offset),
          store('u32', FRAME, at(FIELD[name]), 1),
        ],
  );
}

/** Throws UnknownLayout. */
export function taskProgram(btf: Btf, { tasks, ppid, pid }: TaskSelection): TaskProgram {
  const of = offsetsOf(btf, NEEDED);
  const state = stateRows(btf);
  const ids = idRows(btf);
  return {
    attachTo: typeId(btf, 'func', 'bpf_iter_task'),
    rows: [
      load('u64', META, 1, 0), //                     ctx->meta
      load('u64', TASK, 1, 8), //                     ctx->task
      when(TASK, '==', value(0), 'out'), //           the walk is over
      ...untrust(btf, TASK, 'task_struct'),
      load('u32', 1, TASK, of.pid),
      store('u32', FRAME, at(FIELD.pid), 1),
      load('u32', 2, TASK, of.tgid),
      store('u32', FRAME, at(FIELD.tgid), 2),
      ...(tasks === 'leaders' ? [when(1, '!=', 2, 'out')] : []),
      ...(pid === undefined ? [] : [when(2, '!=', value(pid), 'out')]),
      load('u64', 1, TASK, of.parent),
      load('u32', 1, 1, of.tgid), //                  task->real_parent->tgid
      ...(ppid === undefined ? [] : [when(1, '!=', value(ppid), 'out')]),
      store('u32', FRAME, at(FIELD.parentTgid), 1),
      load('u64', 1, TASK, of.start),
      store('u64', FRAME, at(FIELD.start), 1),
      load('u64', 1, TASK, of.comm),
      store('u64', FRAME, at(FIELD.comm), 1),
      load('u64', 1, TASK, of.comm + 8),
      store('u64', FRAME, at(FIELD.comm) + 8, 1),
      load('u64', 1, TASK, of.cred),
      load('u32', 2, 1, of.uid),
      store('u32', FRAME, at(FIELD.realUid), 2),
      load('u32', 2, 1, of.euid),
      store('u32', FRAME, at(FIELD.effectiveUid), 2),
      load('u32', 1, TASK, of.taskFlags),
      store('u32', FRAME, at(FIELD.flags), 1),
      ...state,
      load('u32', 1, TASK, of.exitState),
      store('u32', FRAME, at(FIELD.exitState), 1),
      load('u32', 1, TASK, of.exitCode),
      store('u32', FRAME, at(FIELD.exitCode), 1),
      load('u64', SIGNAL, TASK, of.signal),
      load('u32', 1, SIGNAL, of.threads),
      store('u32', FRAME, at(FIELD.threads), 1),
      load('u32', 1, SIGNAL, of.flags),
      store('u32', FRAME, at(FIELD.signalFlags), 1),
      load('u32', 1, SIGNAL, of.groupExitCode),
      store('u32', FRAME, at(FIELD.groupExitCode), 1),
      ...ids,
      load('u64', 1, META, of.seq),
      move(2, FRAME),
      add(2, value(-FIELD.bytes)),
      move(3, value(FIELD.bytes)),
      call(HELPER.seqWrite), //                       (seq, record, bytes)
      OUT,
      move(0, value(0)),
      exit(),
    ],
  };
}
