/**
 * What a process runs, as instructions: arguments from its own memory, program and directory by a walk, the file, its control group and
 * the name of its parent. The program at the exec and the one at the end write the same, into the same places.
 */
import { HELPER } from './abi.ts';
import type { Btf } from './btf.ts';
import { ARGS_LIMIT, CWD_LIMIT, EXE_LIMIT, FACT, MOST_BYTES, PATH_BYTES, WALK } from './fact-record.ts';
import {
  add,
  call,
  FRAME,
  label,
  load,
  move,
  type Register,
  type Row,
  store,
  subtract,
  value,
  when,
} from './instructions.ts';
import { offsetsOf, optionalOffsets } from './offsets.ts';
import { COUNT, DENTRY, MOUNT, type PathWalk, pathWalk, READ_ROOM, RECORD, type WalkForm } from './path-walk.ts';

const NEEDED = {
  mm: ['task_struct', 'mm', 8],
  fs: ['task_struct', 'fs', 8],
  parent: ['task_struct', 'real_parent', 8],
  leader: ['task_struct', 'group_leader', 8],
  comm: ['task_struct', 'comm', 16],
  argStart: ['mm_struct', 'arg_start', 8],
  argEnd: ['mm_struct', 'arg_end', 8],
  exeFile: ['mm_struct', 'exe_file', 8],
  fileDentry: ['file', 'f_path.dentry', 8],
  fileMount: ['file', 'f_path.mnt', 8],
  cwdDentry: ['fs_struct', 'pwd.dentry', 8],
  cwdMount: ['fs_struct', 'pwd.mnt', 8],
} as const;

const OF_FILE = {
  inode: ['file', 'f_inode', 8],
  number: ['inode', 'i_ino', 8],
  superBlock: ['inode', 'i_sb', 8],
  device: ['super_block', 's_dev', 4],
} as const;

/** Where the program keeps the task while the walks use its register. */
export const TASK_ON_STACK = -32;
export const TASK: Register = 6;
const LENGTH: Register = COUNT;

/** A value in which the longest record can be built, behind the room of the walk by address. */
export const SCRATCH_BYTES = READ_ROOM + MOST_BYTES;

/** The task is in its register and on the stack; all registers but that of the record are clobbered. Throws UnknownLayout. */
export interface ImageWants {
  readonly walk: WalkForm;
  /** Without arguments they are not even copied out of the process. */
  readonly args: 'with' | 'without';
  /** Address of the path as it was executed, into register 3; or none is known any more. */
  readonly path: readonly Row[] | undefined;
}

export function imageRows(btf: Btf, { walk: form, args, path }: ImageWants): readonly Row[] {
  const at = offsetsOf(btf, NEEDED);
  const walk = pathWalk(btf, form);
  return [
    ...parentRows(at),
    ...(args === 'with' ? argsRows(at) : noArgs),
    ...pathRows(path),
    ...fileRows(btf, at),
    ...exeRows(at, walk),
    ...cwdRows(at, walk),
  ];
}

type Offsets = Readonly<Record<keyof typeof NEEDED, number>>;

const parentRows = (at: Offsets): Row[] => [
  load('u64', 1, TASK, at.parent), //                a thread, perhaps
  load('u64', 1, 1, at.leader),
  load('u64', 2, 1, at.comm),
  store('u64', RECORD, FACT.parentComm, 2),
  load('u64', 2, 1, at.comm + 8),
  store('u64', RECORD, FACT.parentComm + 8, 2),
  call(HELPER.cgroupId), //                          of the task that runs, which this is
  store('u64', RECORD, FACT.cgroup, 0),
];

/** Leaves in LENGTH how many bytes of arguments there are in the record. */
const argsRows = (at: Offsets): Row[] => [
  move(LENGTH, value(0)),
  store('u64', RECORD, FACT.argsTotal, value(0)),
  store('u32', RECORD, FACT.argsResult, value(0)),
  load('u64', 1, TASK, at.mm),
  when(1, '==', value(0), 'copied'), //              a kernel thread, or its memory is gone
  load('u64', 3, 1, at.argStart),
  load('u64', LENGTH, 1, at.argEnd),
  subtract(LENGTH, 3), //                            length = mm->arg_end - mm->arg_start
  store('u64', RECORD, FACT.argsTotal, LENGTH),
  when(LENGTH, '<=', value(ARGS_LIMIT), 'fits'),
  move(LENGTH, value(ARGS_LIMIT)),
  label('fits'),
  move(1, RECORD),
  add(1, value(FACT.bytes)),
  move(2, LENGTH),
  call(HELPER.probeReadUser), //                     (record + header, length, arg_start)
  store('u32', RECORD, FACT.argsResult, 0),
  when(0, '==', value(0), 'copied'),
  move(LENGTH, value(0)), //                         nothing was copied
  label('copied'),
  store('u32', RECORD, FACT.argsStored, LENGTH),
];

const noArgs: readonly Row[] = [
  move(LENGTH, value(0)),
  store('u64', RECORD, FACT.argsTotal, value(0)),
  store('u32', RECORD, FACT.argsResult, value(0)),
  store('u32', RECORD, FACT.argsStored, value(0)),
];

/** Behind the arguments; how far the record is written then stands in it, and the walks go on from there. */
const pathRows = (address: readonly Row[] | undefined): Row[] => [
  move(0, value(0)),
  ...(address === undefined
    ? []
    : [
        move(1, RECORD),
        add(1, LENGTH),
        add(1, value(FACT.bytes)),
        move(2, value(PATH_BYTES)),
        ...address,
        call(HELPER.probeReadUserString),
      ]),
  store('u32', RECORD, FACT.pathResult, 0),
  when(0, '<=', value(PATH_BYTES), 'named'), //      unsigned: an error is a huge number
  move(0, value(0)),
  label('named'),
  add(LENGTH, 0),
  add(LENGTH, value(FACT.bytes)),
  store('u32', RECORD, FACT.cwdEnd, LENGTH),
];

/** The file that runs: of a script its interpreter. */
function fileRows(btf: Btf, at: Offsets): Row[] {
  const file = optionalOffsets(btf, OF_FILE);
  const none = store('u32', RECORD, FACT.hasFile, value(0));
  if (file === undefined) return [none];
  return [
    none,
    load('u64', 1, TASK, at.mm),
    when(1, '==', value(0), 'no file'),
    load('u64', 1, 1, at.exeFile),
    when(1, '==', value(0), 'no file'),
    load('u64', 1, 1, file.inode),
    load('u64', 2, 1, file.number),
    store('u64', RECORD, FACT.inode, 2),
    load('u64', 1, 1, file.superBlock),
    load('u32', 1, 1, file.device),
    store('u32', RECORD, FACT.device, 1),
    store('u32', RECORD, FACT.hasFile, value(1)),
    label('no file'),
  ];
}

const exeRows = (at: Offsets, walk: PathWalk): Row[] => [
  move(0, value(WALK.none)),
  load('u64', 1, TASK, at.mm),
  when(1, '==', value(0), 'no exe'),
  load('u64', 1, 1, at.exeFile),
  when(1, '==', value(0), 'no exe'),
  load('u64', DENTRY, 1, at.fileDentry),
  load('u64', MOUNT, 1, at.fileMount),
  ...walk({ tag: 'exe', position: FACT.cwdEnd, limit: EXE_LIMIT }),
  label('no exe'),
  store('u32', RECORD, FACT.exeState, 0),
  load('u32', 1, RECORD, FACT.cwdEnd),
  store('u32', RECORD, FACT.exeEnd, 1),
];

const cwdRows = (at: Offsets, walk: PathWalk): Row[] => [
  move(0, value(WALK.none)),
  load('u64', 1, FRAME, TASK_ON_STACK),
  load('u64', 1, 1, at.fs),
  when(1, '==', value(0), 'no cwd'),
  load('u64', DENTRY, 1, at.cwdDentry),
  load('u64', MOUNT, 1, at.cwdMount),
  ...walk({ tag: 'cwd', position: FACT.cwdEnd, limit: CWD_LIMIT }),
  label('no cwd'),
  store('u32', RECORD, FACT.cwdState, 0),
];
