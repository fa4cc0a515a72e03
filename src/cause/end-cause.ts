/** Why a process ended, as records carry it. What is not certain is absent. */
import type { Moment } from '../process/moment.ts';
import type { Text } from '../process/text.ts';
import type { CauseName } from './causes.ts';

/** A process as the kernel saw it when it sent a signal. */
export interface Sender {
  readonly pid: number;
  readonly comm: Text;
  /** The real user; undefined where a recording does not say. */
  readonly uid: number | undefined;
  /** Its birth, on CLOCK_BOOTTIME; with the pid, who it was. */
  readonly start: Moment;
  /** It was ending at that moment, and its end sent the signal. */
  readonly isEnding: boolean;
  /** The process that was killed, itself. */
  readonly isItself: boolean;
  readonly args?: readonly Text[] | undefined;
  readonly cgroup?: string | undefined;
}

/** That somebody asked it to end, and that it did so by itself after that. */
export interface Asked {
  /** The signal's name. */
  readonly signal: string;
  /** By what way the signal came; undefined where that is not certain. */
  readonly by: CauseName | undefined;
  readonly sender: Sender | undefined;
  /** Seconds between the signal and the end. */
  readonly before: number;
}

export interface EndCause {
  readonly cause: CauseName | undefined;
  readonly sender?: Sender | undefined;
  /** si_code of the signal, by name. */
  readonly code?: string | undefined;
  readonly address?: bigint | undefined;
  /** Number of the system call that seccomp forbade. */
  readonly syscall?: number | undefined;
  /** It handled the signal, and raised it again itself. */
  readonly raisedAgain?: boolean;
  readonly outOfMemory?: OutOfMemory | undefined;
  readonly asked?: Asked | undefined;
}

export interface OutOfMemory {
  /** What it held of memory when it was chosen. */
  readonly residentKib: number | undefined;
  /** Who asked for more memory than there was: perhaps the victim itself. */
  readonly trigger: { readonly pid: number; readonly comm: Text };
}

/** Nearly all ends are this one. */
export const BY_ITSELF: EndCause = { cause: 'exit' };
