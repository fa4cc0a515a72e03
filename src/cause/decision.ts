/**
 * From a signal to its cause: the rows of one table, of which the first that fits counts. Pure over what the kernel showed.
 *
 * Source: kernel/signal.c and its callers; every row but those of broken memory, of a fork into a dying group, and the last, was seen on a
 * real kernel.
 */
import { compareMoments, secondsBetween } from '../process/moment.ts';
import type { CauseName } from './causes.ts';
import { INFO, type SentSignal, type Victim, WHY } from './sent-signal.ts';

/** Numbers of all architectures Node runs on. */
export const SIGNAL = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  ILL: 4,
  TRAP: 5,
  ABRT: 6,
  BUS: 7,
  FPE: 8,
  KILL: 9,
  SEGV: 11,
  PIPE: 13,
  ALRM: 14,
  TERM: 15,
  XCPU: 24,
  XFSZ: 25,
  VTALRM: 26,
  PROF: 27,
  IO: 29,
  SYS: 31,
} as const;

/** include/uapi/asm-generic/siginfo.h */
const CODE = { user: 0, kernel: 0x80, timer: -2, tkill: -6, seccomp: 1, machineCheck: [4, 5] } as const;
/** include/linux/ptrace.h: PT_EXITKILL, of PTRACE_O_EXITKILL. */
const EXIT_KILL = 0x800000;

const FAULTS: ReadonlySet<number> = new Set([SIGNAL.SEGV, SIGNAL.BUS, SIGNAL.FPE, SIGNAL.ILL, SIGNAL.TRAP]);
const TIMERS: ReadonlySet<number> = new Set([SIGNAL.ALRM, SIGNAL.VTALRM, SIGNAL.PROF]);

/** Between the signal and the mark of a victim lie microseconds, unless the thread was kept from running. */
const MARK_SECONDS = 0.1;

/** Whether who was running is told as who sent it. */
type Telling = 'sender' | 'sender if it called' | 'sender if it ended' | 'nobody';

interface DecisionRow {
  readonly cause: CauseName;
  readonly tells: Telling;
  readonly fits: (signal: SentSignal, victims: readonly Victim[]) => boolean;
}

const isOwn = ({ sender, target }: SentSignal): boolean => sender.pid === target.pid;
const told = ({ info }: SentSignal): boolean => info === INFO.told;
const bare = ({ info }: SentSignal): boolean => info === INFO.none;
const kernels = ({ info }: SentSignal): boolean => info === INFO.kernel;

export const DECISIONS: readonly DecisionRow[] = [
  { cause: 'signal', tells: 'sender', fits: (s) => told(s) && s.code === CODE.user },
  {
    cause: 'abort',
    tells: 'sender',
    fits: (s) => told(s) && s.code === CODE.tkill && s.signal === SIGNAL.ABRT && isOwn(s),
  },
  { cause: 'signal', tells: 'sender', fits: (s) => told(s) && s.code === CODE.tkill },
  // One that lies on a stack was forged.
  { cause: 'timer', tells: 'nobody', fits: (s) => told(s) && s.code === CODE.timer && !s.isOnStack },
  { cause: 'signal', tells: 'sender if it called', fits: (s) => told(s) && s.code < 0 },
  {
    cause: 'exec',
    tells: 'nobody',
    fits: (s) =>
      told(s) && s.signal === SIGNAL.SEGV && s.code === CODE.kernel && !s.isForGroup && isOwn(s) && s.target.isInExec,
  },
  {
    cause: 'memory-error',
    tells: 'nobody',
    fits: (s) => told(s) && s.signal === SIGNAL.BUS && CODE.machineCheck.some((code) => code === s.code),
  },
  { cause: 'fault', tells: 'nobody', fits: (s) => told(s) && FAULTS.has(s.signal) && !s.isForGroup && isOwn(s) },
  {
    cause: 'seccomp',
    tells: 'nobody',
    fits: (s) => told(s) && s.signal === SIGNAL.SYS && s.code === CODE.seccomp && !s.isForGroup && isOwn(s),
  },
  {
    cause: 'io',
    tells: 'nobody',
    fits: (s) => told(s) && s.code > 0 && s.code < CODE.kernel && !FAULTS.has(s.signal) && s.signal !== SIGNAL.SYS,
  },
  // A system call that is not to be made here (SYS_USER_DISPATCH) looks like one that the process sent to its own thread.
  { cause: 'signal', tells: 'sender', fits: (s) => told(s) && isOwn(s) && s.signal !== SIGNAL.SYS },
  {
    cause: 'tracer',
    tells: 'sender',
    fits: (s) =>
      bare(s) && s.signal === SIGNAL.KILL && !s.isForGroup && s.target.ptrace !== 0 && s.target.tracer === s.sender.pid,
  },
  { cause: 'cgroup-kill', tells: 'sender', fits: (s) => bare(s) && s.signal === SIGNAL.KILL && !s.isForGroup },
  {
    cause: 'parent-death',
    tells: 'sender',
    fits: (s) => bare(s) && s.isForGroup && s.sender.isEnding && s.signal === s.target.parentDeathSignal,
  },
  // A fork into a group that is being killed: its parent did nothing.
  { cause: 'cgroup-kill', tells: 'nobody', fits: (s) => bare(s) && s.signal === SIGNAL.KILL },
  { cause: 'pipe', tells: 'nobody', fits: (s) => bare(s) && s.signal === SIGNAL.PIPE && !s.isForGroup && isOwn(s) },
  {
    cause: 'file-size-limit',
    tells: 'nobody',
    fits: (s) => bare(s) && s.signal === SIGNAL.XFSZ && !s.isForGroup && isOwn(s),
  },
  { cause: 'hangup', tells: 'sender', fits: (s) => bare(s) && s.signal === SIGNAL.HUP && s.isForGroup },
  {
    cause: 'out-of-memory',
    tells: 'nobody',
    fits: (s, victims) => kernels(s) && s.signal === SIGNAL.KILL && victimOf(s, victims) !== undefined,
  },
  {
    cause: 'tracer',
    tells: 'sender',
    fits: (s) =>
      kernels(s) &&
      s.signal === SIGNAL.KILL &&
      !s.isForGroup &&
      s.sender.isEnding &&
      (s.target.ptrace & EXIT_KILL) !== 0,
  },
  {
    cause: 'namespace-end',
    tells: 'sender',
    fits: (s) => kernels(s) && s.signal === SIGNAL.KILL && s.isForGroup && s.sender.isEnding && !isOwn(s),
  },
  {
    cause: 'cpu-limit',
    tells: 'nobody',
    fits: (s) => kernels(s) && (s.signal === SIGNAL.KILL || s.signal === SIGNAL.XCPU) && s.isForGroup && isOwn(s),
  },
  {
    cause: 'terminal',
    tells: 'nobody',
    fits: (s) => kernels(s) && (s.signal === SIGNAL.INT || s.signal === SIGNAL.QUIT) && s.isForGroup,
  },
  {
    cause: 'hangup',
    tells: 'sender if it ended',
    fits: (s) => kernels(s) && s.signal === SIGNAL.HUP && s.isForGroup,
  },
  { cause: 'timer', tells: 'nobody', fits: (s) => kernels(s) && TIMERS.has(s.signal) && s.isForGroup },
  { cause: 'io', tells: 'nobody', fits: (s) => kernels(s) && s.signal === SIGNAL.IO },
  { cause: 'kernel', tells: 'nobody', fits: () => true },
];

export interface Verdict {
  readonly cause: CauseName;
  readonly tellsSender: boolean;
}

/** What ended, or was to end, the target of this signal. */
export function judge(signal: SentSignal, victims: readonly Victim[]): Verdict {
  const row = DECISIONS.find(({ fits }) => fits(signal, victims)) ?? DECISIONS[DECISIONS.length - 1];
  return { cause: row.cause, tellsSender: tells(row.tells, signal) };
}

function tells(telling: Telling, { isOnStack, sender }: SentSignal): boolean {
  if (telling === 'sender if it called') return isOnStack;
  if (telling === 'sender if it ended') return sender.isEnding;
  return telling === 'sender';
}

/** The victim whose choice sent this signal: the target itself, or one whose memory it shares. */
export function victimOf({ at, sender, target }: SentSignal, victims: readonly Victim[]): Victim | undefined {
  const isIt = ({ tid, start }: Victim): boolean =>
    tid === target.tid && (start === undefined || compareMoments(start, target.start) === 0);
  const isShared = ({ memory }: Victim): boolean => memory !== 0n && memory === target.memory;
  return victims.find(
    (victim) =>
      victim.triggerTid === sender.tid &&
      Math.abs(secondsBetween(victim.at, at)) <= MARK_SECONDS &&
      (isIt(victim) || isShared(victim)),
  );
}

/** Nothing but the target's own end can follow from it. */
export const isProof = ({ why }: SentSignal): boolean => why === WHY.kills;
