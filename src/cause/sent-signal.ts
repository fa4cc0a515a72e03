/**
 * A signal that may end a process, as a program in the kernel saw it being sent (src/bpf/signal-program.ts), and the mark of a victim of
 * want of memory. Plain facts; what follows from them is decided elsewhere.
 */
import type { Moment } from '../process/moment.ts';
import type { Text } from '../process/text.ts';

/** Why it was worth a record: what it meant to the process at that moment. */
export const WHY = {
  /** The process is dying as a whole, of this very signal. */
  kills: 1,
  /** Nobody handles, ignores or blocks it. */
  willKill: 2,
  /** A handler has it: the process was asked to end. */
  handled: 3,
  /** It is blocked, and perhaps taken otherwise (signalfd, sigwait). */
  blocked: 4,
} as const;

/** What siginfo the sender gave: none, the kernel's own mark, or one to point at (SEND_SIG_NOINFO, SEND_SIG_PRIV). */
export const INFO = { none: 0, kernel: 1, told: 2 } as const;

export interface SentSignal {
  readonly at: Moment;
  readonly signal: number;
  readonly why: number;
  readonly info: number;
  /** si_code, and the first bytes of what follows it, where there is a siginfo to point at; 0x80 for the kernel's mark. */
  readonly code: number;
  readonly address: bigint;
  readonly syscall: number;
  /** The siginfo lay on the kernel stack of who was running: it was sent by its own system call. */
  readonly isOnStack: boolean;
  /** To the process, not to one of its threads. */
  readonly isForGroup: boolean;
  readonly target: {
    readonly pid: number;
    readonly tid: number;
    /** Birth of the process on CLOCK_BOOTTIME. */
    readonly start: Moment;
    /** task_struct.ptrace: 0 without a tracer. */
    readonly ptrace: number;
    /** Process of its tracer, or else its parent. */
    readonly tracer: number;
    readonly parentDeathSignal: number;
    /** Address of its memory: the same for those who share it. */
    readonly memory: bigint;
    readonly isInExec: boolean;
  };
  /** Who was running when it was sent; not for each cause who sent it. */
  readonly sender: {
    readonly pid: number;
    readonly tid: number;
    readonly start: Moment;
    readonly uid: number;
    readonly comm: Text;
    readonly isEnding: boolean;
  };
}

/** The kernel chose this process to make room. */
export interface Victim {
  readonly at: Moment;
  /** The thread that was chosen for its process, and birth of that on CLOCK_BOOTTIME; undefined on kernels that only told the thread. */
  readonly tid: number;
  readonly start: Moment | undefined;
  /** The thread that asked for memory. */
  readonly triggerTid: number;
  readonly memory: bigint;
  readonly residentKib: number | undefined;
}
