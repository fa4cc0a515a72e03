/**
 * The program that sees every signal as it is sent: on the tracepoint signal_generate. It writes those that end a process, or that ask one
 * to end, and leaves all others after a few instructions: the ends of children, stops, and whatever is handled or ignored.
 *
 * Which it is follows from the state of the target at this moment, under its lock (siglock): the kernel has begun to end the whole process
 * of this very signal, or nobody handles, ignores or blocks it. A stopped, traced or busy process is not ended yet when its signal is sent.
 *
 * Source: kernel/signal.c (`__send_signal_locked`, `complete_signal`), include/trace/events/signal.h.
 */
import { INFO, WHY } from '../cause/sent-signal.ts';
import { HELPER, NO_WAKEUP } from './abi.ts';
import type { Btf } from './btf.ts';
import { CAUSE_KIND, SENT } from './cause-record.ts';
import { untrust } from './fact-rows.ts';
import {
  and,
  call,
  FRAME,
  go,
  label,
  load,
  loadMap,
  move,
  type Register,
  type Row,
  shiftLeft,
  shiftRight,
  store,
  subtract,
  value,
  when,
} from './instructions.ts';
import { offsetsOf, typeId, UnknownLayout } from './offsets.ts';
import { endRows, type TracepointProgram } from './tracepoint-program.ts';

const NEEDED = {
  flags: ['task_struct', 'flags', 4],
  ptrace: ['task_struct', 'ptrace', 4],
  stack: ['task_struct', 'stack', 8],
  mm: ['task_struct', 'mm', 8],
  parentDeathSignal: ['task_struct', 'pdeath_signal', 4],
  tid: ['task_struct', 'pid', 4],
  pid: ['task_struct', 'tgid', 4],
  parent: ['task_struct', 'parent', 8],
  leader: ['task_struct', 'group_leader', 8],
  start: ['task_struct', 'start_boottime', 8],
  comm: ['task_struct', 'comm', 16],
  signal: ['task_struct', 'signal', 8],
  handlers: ['task_struct', 'sighand', 8],
  blocked: ['task_struct', 'blocked', 8],
  groupExitCode: ['signal_struct', 'group_exit_code', 4],
  signalFlags: ['signal_struct', 'flags', 4],
  handler: ['k_sigaction', 'sa.sa_handler', 8],
  code: ['kernel_siginfo', 'si_code', 4],
} as const;

/** include/linux/sched.h, linux/sched/signal.h; TRACE_SIGNAL_DELIVERED, TRACE_SIGNAL_LOSE_INFO (its siginfo alone was lost). */
const PF_KTHREAD = 0x200000;
const SIGNAL_GROUP_EXIT = 0x4;
const RESULT = { delivered: 0, infoLost: 4 } as const;
const DEFAULT_ACTION = 0;
const IGNORES = 1;
const SI_KERNEL = 0x80;
/** THREAD_SIZE of x86-64, and of arm64 with small pages: what a kernel stack has. */
const STACK_BYTES = 16384;

const bits = (signals: readonly number[]): number => signals.reduce((mask, signal) => mask | (1 << signal), 0);
/** By number: CHLD CONT STOP TSTP TTIN TTOU URG WINCH end nobody. */
const QUIET = bits([17, 18, 19, 20, 21, 22, 23, 28]);
/** HUP INT QUIT TERM ask a process to end. */
const ASKING = bits([1, 2, 3, 15]);
/** Those that leave a core: a blocked one ends its process all the same where the kernel forces it. */
const CORE = bits([3, 4, 5, 6, 7, 8, 11, 24, 25, 31]);
const SIGTRAP = 5;
/**
 * All that end a process unless it sees to them, the most frequent first; KILL and the real-time signals count where they end a process at
 * once. An index that is computed is not allowed into a typed array: so each has its own row.
 */
const HANDLEABLE = [15, 2, 1, 11, 14, 27, 26, 10, 12, 13, 6, 3, 29, 7, 8, 4, 31, 5, 24, 25, 16, 30] as const;

const NUMBER: Register = 6;
const GIVEN: Register = 7;
const TASK: Register = 8;
const WHY_NOW: Register = 9;
const RECORD: Register = 9;
const STACK = { group: -8, why: -16 } as const;

/** Throws UnknownLayout. */
export function signalProgram(btf: Btf): TracepointProgram {
  const at = offsetsOf(btf, NEEDED);
  return {
    attach: 'tracepoint',
    attachTo: typeId(btf, 'typedef', 'btf_trace_signal_generate'),
    scratchBytes: 0,
    rows: ({ ring, lost }) => [
      ...leaveQuiet(),
      ...untrust(btf, TASK, 'task_struct'),
      ...whyRows(btf, at),
      label('keep'),
      store('u64', FRAME, STACK.why, WHY_NOW),
      loadMap(1, ring),
      move(2, value(SENT.bytes)),
      move(3, value(0)),
      call(HELPER.ringbufReserve),
      when(0, '==', value(0), 'full'),
      move(RECORD, 0),
      ...targetRows(btf, at),
      ...infoRows(btf, at),
      ...senderRows(btf, at),
      move(1, RECORD),
      move(2, value(NO_WAKEUP)), //                   the event of the end wakes the reader
      call(HELPER.ringbufSubmit),
      ...endRows(lost),
    ],
  };
}

type Offsets = Readonly<Record<keyof typeof NEEDED, number>>;

/** (int sig, struct kernel_siginfo *info, struct task_struct *task, int group, int result) */
const leaveQuiet = (): Row[] => [
  load('u64', NUMBER, 1, 0),
  move(0, value(1)),
  shiftLeft(0, NUMBER), //                            64 becomes bit 0
  when(0, '&', value(QUIET), 'out'),
  load('u64', GIVEN, 1, 8),
  load('u64', TASK, 1, 16),
  load('u64', 2, 1, 32),
  when(2, '==', value(RESULT.delivered), 'sent'),
  when(2, '!=', value(RESULT.infoLost), 'out'),
  label('sent'),
  load('u64', 3, 1, 24),
  store('u64', FRAME, STACK.group, 3),
];

function handlerRows(btf: Btf, at: Offsets): Row[] {
  const actions = btf.member('sighand_struct', 'action');
  const each = btf.member('k_sigaction', 'sa');
  if (actions === undefined || each === undefined) throw new UnknownLayout("this kernel's BTF has no sighand_struct");
  const handlerOf = (signal: number): number => actions.offset + (signal - 1) * each.bytes + at.handler;
  return [
    ...HANDLEABLE.map((signal) => when(NUMBER, '==', value(signal), `handler ${signal}`)),
    go('out'),
    ...HANDLEABLE.flatMap((signal) => [
      label(`handler ${signal}`),
      load('u64', 4, 3, handlerOf(signal)),
      go('handler'),
    ]),
    label('handler'),
  ];
}

/** Goes on with the reason to keep it in r9, at `keep`, and with all else at `out`. */
const whyRows = (btf: Btf, at: Offsets): Row[] => [
  load('u32', 2, TASK, at.flags),
  when(2, '&', value(PF_KTHREAD), 'out'),
  load('u64', 3, TASK, at.signal),
  load('u32', 4, 3, at.signalFlags),
  when(4, '&', value(SIGNAL_GROUP_EXIT), 'dying'),
  load('u64', 3, TASK, at.handlers),
  when(3, '==', value(0), 'out'),
  ...handlerRows(btf, at),
  move(2, value(1)),
  shiftLeft(2, NUMBER),
  when(4, '==', value(IGNORES), 'out'),
  when(4, '==', value(DEFAULT_ACTION), 'default'),
  move(WHY_NOW, value(WHY.handled)),
  when(2, '&', value(ASKING), 'keep'),
  go('out'),
  label('default'),
  load('u64', 5, TASK, at.blocked),
  move(1, 2),
  shiftRight(1, value(1)), //                         signal 1 is bit 0
  when(5, '&', 1, 'blocked'),
  move(WHY_NOW, value(WHY.willKill)),
  when(NUMBER, '!=', value(SIGTRAP), 'keep'),
  load('u32', 1, TASK, at.ptrace), //                 a debugger's single steps are a flood
  when(1, '==', value(0), 'keep'),
  go('out'),
  label('blocked'),
  move(WHY_NOW, value(WHY.blocked)),
  when(2, '&', value(CORE | ASKING), 'keep'),
  go('out'),
  label('dying'),
  move(WHY_NOW, value(WHY.kills)),
  load('u32', 4, 3, at.groupExitCode),
  when(4, '!=', NUMBER, 'out'),
];

const copy32 = (from: Register, offset: number, to: number): Row[] => [
  load('u32', 1, from, offset),
  store('u32', RECORD, to, 1),
];
const copy64 = (from: Register, offset: number, to: number): Row[] => [
  load('u64', 1, from, offset),
  store('u64', RECORD, to, 1),
];

function targetRows(btf: Btf, at: Offsets): Row[] {
  const inExec = btf.bitField('task_struct', 'in_execve');
  return [
    call(HELPER.monotonicNanos),
    store('u64', RECORD, SENT.at, 0),
    store('u32', RECORD, SENT.kind, value(CAUSE_KIND.signal)),
    store('u32', RECORD, SENT.signal, NUMBER),
    load('u64', 1, FRAME, STACK.why),
    store('u32', RECORD, SENT.why, 1),
    load('u64', 1, FRAME, STACK.group),
    store('u32', RECORD, SENT.isForGroup, 1),
    load('u64', 2, TASK, at.leader), //               the target may be any of its threads
    ...copy64(2, at.start, SENT.start),
    ...copy32(TASK, at.pid, SENT.pid),
    ...copy32(TASK, at.tid, SENT.tid),
    ...copy32(TASK, at.ptrace, SENT.ptrace),
    ...copy32(TASK, at.parentDeathSignal, SENT.parentDeathSignal),
    ...copy64(TASK, at.mm, SENT.memory),
    load('u64', 2, TASK, at.parent),
    ...copy32(2, at.pid, SENT.tracer),
    move(1, value(0)),
    ...(inExec === undefined ? [] : [load('u8', 1, TASK, inExec.offset), and(1, value(inExec.mask))]),
    store('u32', RECORD, SENT.isInExec, 1),
  ];
}

/** What is in siginfo; its address as a number in r6. */
function infoRows(btf: Btf, at: Offsets): Row[] {
  const fields = btf.member('kernel_siginfo', '_sifields');
  if (fields === undefined) throw new UnknownLayout("this kernel's BTF has no kernel_siginfo._sifields");
  return [
    move(NUMBER, value(0)),
    store('u64', RECORD, SENT.address, value(0)),
    store('u32', RECORD, SENT.syscall, value(0)),
    store('u32', RECORD, SENT.code, value(0)),
    store('u32', RECORD, SENT.info, value(INFO.none)),
    when(GIVEN, '==', value(0), 'sender'), //         SEND_SIG_NOINFO
    store('u32', RECORD, SENT.code, value(SI_KERNEL)),
    store('u32', RECORD, SENT.info, value(INFO.kernel)),
    when(GIVEN, '<=', value(1), 'sender'), //         SEND_SIG_PRIV
    store('u32', RECORD, SENT.info, value(INFO.told)),
    ...copy32(GIVEN, at.code, SENT.code),
    // The union's members differ in size: eight bytes at once are refused.
    ...copy32(GIVEN, fields.offset, SENT.address),
    ...copy32(GIVEN, fields.offset + 4, SENT.address + 4),
    ...copy32(GIVEN, fields.offset + 8, SENT.syscall),
    store('u64', RECORD, SENT.senderStart, GIVEN),
    load('u64', NUMBER, RECORD, SENT.senderStart),
    label('sender'),
  ];
}

const senderRows = (btf: Btf, at: Offsets): Row[] => [
  call(HELPER.currentTask),
  move(GIVEN, 0),
  ...untrust(btf, GIVEN, 'task_struct'),
  load('u64', 1, GIVEN, at.stack),
  subtract(NUMBER, 1),
  move(1, value(0)),
  when(NUMBER, '>', value(STACK_BYTES - 1), 'elsewhere'),
  move(1, value(1)),
  label('elsewhere'),
  store('u32', RECORD, SENT.isOnStack, 1),
  load('u64', 2, GIVEN, at.leader),
  ...copy64(2, at.start, SENT.senderStart),
  ...copy64(2, at.comm, SENT.senderComm), //          the name of the process, not of one of its threads
  ...copy64(2, at.comm + 8, SENT.senderComm + 8),
  ...copy32(GIVEN, at.pid, SENT.senderPid),
  ...copy32(GIVEN, at.tid, SENT.senderTid),
  ...copy32(GIVEN, at.flags, SENT.senderFlags),
  call(HELPER.userAndGroup), //                       the user is the lower half
  store('u32', RECORD, SENT.senderUid, 0),
];
