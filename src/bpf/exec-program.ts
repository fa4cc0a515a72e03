/**
 * The program that sees every exec: on the tracepoint sched_process_exec it writes who executes what into the ring, at a moment
 * when nothing of the new program has run yet. It loads through typed pointers (the verifier knows each by BTF) and reads memory of
 * the process itself, never of the kernel by address: that still works where lockdown forbids the latter.
 */
import { HELPER, NO_WAKEUP } from './abi.ts';
import type { Btf } from './btf.ts';
import { ARGS_LIMIT, EXEC, PATH_BYTES } from './exec-record.ts';
import {
  add,
  call,
  exit,
  label,
  load,
  loadMap,
  move,
  type Register,
  type Row,
  store,
  subtract,
  value,
  when,
} from './instructions.ts';
import { attachId, offsetsOf, optionalOffsets } from './offsets.ts';
import { countLost, lookUpOnly, OUT, type TracepointProgram } from './tracepoint-program.ts';

const NEEDED = {
  mm: ['task_struct', 'mm', 8],
  tgid: ['task_struct', 'tgid', 4],
  parent: ['task_struct', 'real_parent', 8],
  start: ['task_struct', 'start_boottime', 8],
  cred: ['task_struct', 'real_cred', 8],
  comm: ['task_struct', 'comm', 16],
  uid: ['cred', 'uid', 4],
  euid: ['cred', 'euid', 4],
  argStart: ['mm_struct', 'arg_start', 8],
  argEnd: ['mm_struct', 'arg_end', 8],
  filename: ['linux_binprm', 'exec', 8],
} as const;

const OF_FILE = {
  file: ['linux_binprm', 'file', 8],
  inode: ['file', 'f_inode', 8],
  number: ['inode', 'i_ino', 8],
  superBlock: ['inode', 'i_sb', 8],
  device: ['super_block', 's_dev', 4],
} as const;

/** Kept over calls of helpers, which clobber registers 1 to 5. */
const TASK: Register = 6;
const BINPRM: Register = 7;
const RECORD: Register = 8;
/** The caller's thread id first, then the length of the arguments. */
const LENGTH: Register = 9;

/** Throws UnknownLayout. Without arguments they are not even copied out of the process. */
export function execProgram(btf: Btf, args: 'with' | 'without'): TracepointProgram {
  const at = offsetsOf(btf, NEEDED);
  const file = optionalOffsets(btf, OF_FILE);

  const identity: Row[] = [
    call(HELPER.monotonicNanos),
    store('u64', RECORD, EXEC.at, 0), //               at = now
    load('u64', 1, TASK, at.start),
    store('u64', RECORD, EXEC.start, 1), //            start = task->start_boottime
    load('u32', 1, TASK, at.tgid),
    store('u32', RECORD, EXEC.tgid, 1), //             tgid = task->tgid
    store('u32', RECORD, EXEC.caller, LENGTH), //      caller = old_pid
    load('u64', 1, TASK, at.parent),
    load('u32', 1, 1, at.tgid),
    store('u32', RECORD, EXEC.parentTgid, 1), //       parent = task->real_parent->tgid
    load('u64', 1, TASK, at.cred), //                  what others see of it: real_cred
    load('u32', 2, 1, at.uid),
    store('u32', RECORD, EXEC.realUid, 2), //          real uid
    load('u32', 2, 1, at.euid),
    store('u32', RECORD, EXEC.effectiveUid, 2), //     effective uid
    load('u64', 1, TASK, at.comm), //                  comm is set already (begin_new_exec)
    store('u64', RECORD, EXEC.comm, 1),
    load('u64', 1, TASK, at.comm + 8),
    store('u64', RECORD, EXEC.comm + 8, 1),
  ];

  const whichFile: Row[] =
    file === undefined
      ? [store('u32', RECORD, EXEC.hasFile, value(0))]
      : [
          load('u64', 1, BINPRM, file.file),
          load('u64', 1, 1, file.inode), //            bprm->file->f_inode
          load('u64', 2, 1, file.number),
          store('u64', RECORD, EXEC.inode, 2), //      ->i_ino
          load('u64', 1, 1, file.superBlock),
          load('u32', 1, 1, file.device),
          store('u32', RECORD, EXEC.device, 1), //     ->i_sb->s_dev
          store('u32', RECORD, EXEC.hasFile, value(1)),
        ];

  const copyArgs: Row[] = [
    load('u64', 1, TASK, at.mm),
    load('u64', 3, 1, at.argStart),
    load('u64', LENGTH, 1, at.argEnd),
    subtract(LENGTH, 3), //                            length = mm->arg_end - mm->arg_start
    store('u64', RECORD, EXEC.argsTotal, LENGTH),
    when(LENGTH, '<=', value(ARGS_LIMIT), 'fits'),
    move(LENGTH, value(ARGS_LIMIT)),
    label('fits'),
    move(1, RECORD),
    add(1, value(EXEC.bytes)),
    move(2, LENGTH),
    call(HELPER.probeReadUser), //                     (record + header, length, arg_start)
    store('u32', RECORD, EXEC.argsResult, 0),
    when(0, '==', value(0), 'copied'),
    move(LENGTH, value(0)), //                         nothing was copied
    label('copied'),
    store('u32', RECORD, EXEC.argsStored, LENGTH),
  ];
  const noArgs: Row[] = [
    move(LENGTH, value(0)),
    store('u64', RECORD, EXEC.argsTotal, value(0)),
    store('u32', RECORD, EXEC.argsResult, value(0)),
    store('u32', RECORD, EXEC.argsStored, value(0)),
  ];

  const copyPath: Row[] = [
    move(1, RECORD),
    add(1, LENGTH),
    add(1, value(EXEC.bytes)), //                      behind the arguments
    move(2, value(PATH_BYTES)),
    load('u64', 3, BINPRM, at.filename), //            the copy on the new stack: AT_EXECFN
    call(HELPER.probeReadUserString),
    store('u32', RECORD, EXEC.pathResult, 0),
    when(0, '<=', value(PATH_BYTES), 'named'), //      unsigned: an error is a huge number
    move(0, value(0)),
    label('named'),
  ];

  return {
    attach: 'tracepoint',
    attachTo: attachId(btf, 'typedef', 'btf_trace_sched_process_exec'),
    scratchBytes: EXEC.bytes + ARGS_LIMIT + PATH_BYTES,
    rows: ({ ring, lost, scratch }) => [
      load('u64', TASK, 1, 0), //                      (struct task_struct *task,
      load('u64', LENGTH, 1, 8), //                     pid_t old_pid,
      load('u64', BINPRM, 1, 16), //                    struct linux_binprm *bprm)
      ...lookUpOnly(scratch, 'out'),
      move(RECORD, 0),
      ...identity,
      ...whichFile,
      ...(args === 'with' ? copyArgs : noArgs),
      ...copyPath,
      move(3, LENGTH),
      add(3, 0),
      add(3, value(EXEC.bytes)), //                    r3 = header + arguments + path
      loadMap(1, ring),
      move(2, RECORD),
      move(4, value(NO_WAKEUP)),
      call(HELPER.ringbufOutput),
      when(0, '==', value(0), 'out'),
      ...countLost(lost),
      OUT,
      move(0, value(0)),
      exit(),
    ],
  };
}
