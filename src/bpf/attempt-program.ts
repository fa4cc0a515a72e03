/**
 * The programs that see execs that fail: which path, which arguments, which error. They run when the system call returns, and leave at once
 * where it succeeded. Where the kernel allows programs at the end of its functions they hang on those of execve(2) and execveat(2) alone;
 * else on the tracepoint sys_exit, which is the end of every system call of the machine.
 *
 * Both are called with the registers of the caller and the result. Source: arch/x86/include/asm/syscall_wrapper.h (`__x64_sys_…`,
 * `__ia32_compat_sys_…`), fs/exec.c. Other machines keep arguments elsewhere: there is no such program for them yet.
 */
import { HELPER, WAKEUP_IF_READ } from './abi.ts';
import { ARG_BYTES, ARGS_BYTES, CUT, FAILED, MOST_ARGS, PATH_BYTES, VALUE_BYTES } from './attempt-record.ts';
import type { Btf } from './btf.ts';
import { untrust } from './fact-rows.ts';
import {
  add,
  again,
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
  subtract,
  value,
  when,
} from './instructions.ts';
import { offsetsOf, typeId } from './offsets.ts';
import { countLost, OUT, type TracepointMaps, type TracepointProgram } from './tracepoint-program.ts';

const TASK_NEEDED = {
  leader: ['task_struct', 'group_leader', 8],
  start: ['task_struct', 'start_boottime', 8],
  pid: ['task_struct', 'tgid', 4],
  tid: ['task_struct', 'pid', 4],
  parent: ['task_struct', 'real_parent', 8],
  cred: ['task_struct', 'real_cred', 8],
  euid: ['cred', 'euid', 4],
  comm: ['task_struct', 'comm', 16],
  status: ['task_struct', 'thread_info.status', 4],
} as const;
const REGISTERS = {
  ax: ['pt_regs', 'orig_ax', 8],
  bx: ['pt_regs', 'bx', 8],
  cx: ['pt_regs', 'cx', 8],
  dx: ['pt_regs', 'dx', 8],
  si: ['pt_regs', 'si', 8],
  di: ['pt_regs', 'di', 8],
} as const;

/** A way to call: the number of the system call, the registers of path and arguments, and how wide a pointer is. */
interface Calling {
  readonly name: string;
  readonly number: number;
  /** What the kernel calls for it. */
  readonly entry: string;
  readonly path: keyof typeof REGISTERS;
  readonly args: keyof typeof REGISTERS;
  readonly word: 4 | 8;
}

const CALLINGS: readonly Calling[] = [
  { name: 'execve', number: 59, entry: '__x64_sys_execve', path: 'di', args: 'si', word: 8 },
  { name: 'execveat', number: 322, entry: '__x64_sys_execveat', path: 'si', args: 'dx', word: 8 },
  { name: 'old execve', number: 11, entry: '__ia32_compat_sys_execve', path: 'bx', args: 'cx', word: 4 },
  { name: 'old execveat', number: 358, entry: '__ia32_compat_sys_execveat', path: 'cx', args: 'dx', word: 4 },
];

/** arch/x86/include/asm/thread_info.h: TS_COMPAT, in a system call of 32 bits. */
const COMPAT = 0x2;
/** Errors that programs see; beyond are those after which the kernel itself calls again (include/linux/errno.h). */
const MOST_ERRNO = 511;

const PATH: Register = 6;
const ARGS: Register = 7;
const RECORD: Register = 8;
const BYTES: Register = 9;
const STACK = { key: -4, pointer: -16, count: -24, word: -32, errno: -40 } as const;

/** (struct pt_regs *regs, long result): r2 = the error, counted from the other end; out with successes. */
const failuresOnly: readonly Row[] = [
  load('u64', 2, 1, 8),
  add(2, value(MOST_ERRNO)),
  when(2, '>', value(MOST_ERRNO - 1), 'out'),
];

const noteErrno: readonly Row[] = [move(1, value(MOST_ERRNO)), subtract(1, 2), store('u64', FRAME, STACK.errno, 1)];

type Offsets = Readonly<Record<keyof typeof TASK_NEEDED, number>>;
type RegisterOffsets = Readonly<Record<keyof typeof REGISTERS, number>>;

/** r6 = path, r7 = arguments, of the registers at r6. */
const operands = ({ path, args, word }: Calling, regs: RegisterOffsets): Row[] => [
  store('u64', FRAME, STACK.word, value(word)),
  load('u64', ARGS, PATH, regs[args]),
  load('u64', PATH, PATH, regs[path]),
];

/** Which call it was; a number means another one in a system call of 32 bits. */
const choose = (regs: RegisterOffsets, { status }: Offsets): Row[] => [
  load('u64', 3, PATH, regs.ax),
  ...CALLINGS.map(({ name, number }) => when(3, '==', value(number), name)),
  go('out'),
  ...CALLINGS.flatMap((calling) => [
    label(calling.name),
    ...noteErrno,
    call(HELPER.currentTask),
    load('u32', 1, 0, status),
    ...(calling.word === 4
      ? [when(1, '&', value(COMPAT), `${calling.name} indeed`), go('out'), label(`${calling.name} indeed`)]
      : [when(1, '&', value(COMPAT), 'out')]),
    ...operands(calling, regs),
    go('tell'),
  ]),
  label('tell'),
];

/** r8 = the value of this CPU. Each program has its own: one at the end of a function may be interrupted by another task. */
const scratchRows = (fd: number): Row[] => [
  call(HELPER.cpu),
  store('u32', FRAME, STACK.key, 0),
  move(2, FRAME),
  add(2, value(STACK.key)),
  loadMap(1, fd),
  call(HELPER.mapLookup),
  when(0, '==', value(0), 'out'),
  move(RECORD, 0),
];

const copy = (size: 'u32' | 'u64', from: Register, offset: number, to: number): Row[] => [
  load(size, 1, from, offset),
  store(size, RECORD, to, 1),
];

const whoRows = (btf: Btf, at: Offsets): Row[] => [
  call(HELPER.monotonicNanos),
  store('u64', RECORD, FAILED.at, 0),
  load('u64', 1, FRAME, STACK.errno),
  store('u32', RECORD, FAILED.errno, 1),
  call(HELPER.currentTask),
  move(BYTES, 0),
  ...untrust(btf, BYTES, 'task_struct'),
  load('u64', 2, BYTES, at.leader),
  ...copy('u64', 2, at.start, FAILED.start),
  ...copy('u32', BYTES, at.pid, FAILED.pid),
  ...copy('u32', BYTES, at.tid, FAILED.tid),
  load('u64', 2, BYTES, at.parent),
  ...copy('u32', 2, at.pid, FAILED.ppid),
  load('u64', 2, BYTES, at.cred),
  ...copy('u32', 2, at.euid, FAILED.effectiveUid),
  ...copy('u64', BYTES, at.comm, FAILED.comm),
  ...copy('u64', BYTES, at.comm + 8, FAILED.comm + 8),
];

/** Copies arguments as long as there is room; r9 = their bytes, r1 = why they end. */
const argsRows: readonly Row[] = [
  move(BYTES, value(0)),
  store('u64', FRAME, STACK.count, value(0)),
  label('next argument'),
  load('u64', 1, FRAME, STACK.count),
  when(1, '>', value(MOST_ARGS - 1), 'too many'),
  store('u64', FRAME, STACK.pointer, value(0)),
  move(1, FRAME),
  add(1, value(STACK.pointer)),
  load('u64', 2, FRAME, STACK.word),
  when(2, '>', value(8), 'unreadable'),
  move(3, ARGS),
  call(HELPER.probeReadUser),
  when(0, '!=', value(0), 'unreadable'),
  load('u64', 3, FRAME, STACK.pointer),
  when(3, '==', value(0), 'whole'),
  when(BYTES, '>', value(ARGS_BYTES), 'too long'),
  move(1, RECORD),
  add(1, value(FAILED.args)),
  add(1, BYTES),
  move(2, value(ARG_BYTES)),
  call(HELPER.probeReadUserString),
  when(0, '>', value(ARG_BYTES), 'unreadable'), //    an error is huge
  when(0, '==', value(0), 'unreadable'),
  add(BYTES, 0),
  load('u64', 1, FRAME, STACK.word),
  add(ARGS, 1),
  load('u64', 1, FRAME, STACK.count),
  add(1, value(1)),
  store('u64', FRAME, STACK.count, 1),
  again('next argument'),
  label('too many'),
  move(1, value(CUT.tooMany)),
  go('cut'),
  label('too long'),
  move(1, value(CUT.tooLong)),
  go('cut'),
  label('unreadable'),
  move(1, value(CUT.unreadable)),
  go('cut'),
  label('whole'),
  move(1, value(CUT.whole)),
  label('cut'),
  store('u32', RECORD, FAILED.cut, 1),
  store('u32', RECORD, FAILED.argsBytes, BYTES),
];

const pathRows: readonly Row[] = [
  when(BYTES, '<=', value(ARGS_BYTES + ARG_BYTES), 'sized'), // which it is; the verifier does not know
  move(BYTES, value(0)),
  label('sized'),
  move(1, RECORD),
  add(1, value(FAILED.args)),
  add(1, BYTES),
  move(2, value(PATH_BYTES)),
  move(3, PATH),
  call(HELPER.probeReadUserString),
  store('u32', RECORD, FAILED.pathBytes, 0),
  when(0, '<=', value(PATH_BYTES), 'has path'),
  move(0, value(0)),
  label('has path'),
];

const outputRows = (ring: number, lost: number): Row[] => [
  move(3, BYTES),
  add(3, 0),
  add(3, value(FAILED.args)),
  loadMap(1, ring),
  move(2, RECORD),
  move(4, value(WAKEUP_IF_READ)),
  call(HELPER.ringbufOutput),
  when(0, '==', value(0), 'out'),
  ...countLost(lost),
  OUT,
  move(0, value(0)),
  exit(),
];

/** Where nobody may read arguments. */
const noArgsRows: readonly Row[] = [
  move(BYTES, value(0)),
  store('u32', RECORD, FAILED.cut, value(CUT.unreadable)),
  store('u32', RECORD, FAILED.argsBytes, BYTES),
];

export type ArgsWish = 'with' | 'without';

const tellRows = (btf: Btf, at: Offsets, { ring, lost, scratch }: TracepointMaps, args: ArgsWish): Row[] => [
  ...scratchRows(scratch),
  ...whoRows(btf, at),
  ...(args === 'with' ? argsRows : noArgsRows),
  ...pathRows,
  ...outputRows(ring, lost),
];

/** At the end of every system call. Throws UnknownLayout. */
export function everyCallProgram(btf: Btf, args: ArgsWish): TracepointProgram {
  const at = offsetsOf(btf, TASK_NEEDED);
  const regs = offsetsOf(btf, REGISTERS);
  return {
    attach: 'tracepoint',
    attachTo: typeId(btf, 'typedef', 'btf_trace_sys_exit'),
    scratchBytes: VALUE_BYTES,
    rows: (maps) => [...failuresOnly, load('u64', PATH, 1, 0), ...choose(regs, at), ...tellRows(btf, at, maps, args)],
  };
}

/** At the end of the calls themselves, one each: those for 32 bits only where this kernel has them. Throws UnknownLayout. */
export function execPrograms(btf: Btf, args: ArgsWish): TracepointProgram[] {
  const at = offsetsOf(btf, TASK_NEEDED);
  const regs = offsetsOf(btf, REGISTERS);
  return CALLINGS.flatMap((calling) => {
    const { entry, word } = calling;
    const attachTo = word === 8 ? typeId(btf, 'func', entry) : btf.idOf('func', entry);
    if (attachTo === undefined) return [];
    return {
      attach: 'return',
      attachTo,
      scratchBytes: VALUE_BYTES,
      rows: (maps) => [
        ...failuresOnly,
        ...noteErrno,
        load('u64', PATH, 1, 0),
        ...operands(calling, regs),
        ...tellRows(btf, at, maps, args),
      ],
    };
  });
}
