/** An exec that failed, as a program in the kernel saw it, and the door to those programs. Plain facts. */
import type { Readiness } from '../netlink/socket.ts';
import type { Moment } from '../process/moment.ts';
import type { Text } from '../process/text.ts';

export interface Attempt {
  readonly at: Moment;
  /** Process and thread that tried, and the parent at that moment. */
  readonly pid: number;
  readonly tid: number;
  readonly ppid: number;
  /** Birth of the process on CLOCK_BOOTTIME. */
  readonly start: Moment;
  /** The effective user. */
  readonly uid: number;
  readonly comm: Text;
  readonly errno: number;
  /** As it was given; undefined where it could not be read. */
  readonly path: Text | undefined;
  /** Empty where nobody may read them. */
  readonly args: readonly Text[];
  /** False: there were more, they were longer, or they could not be read. */
  readonly hasAllArgs: boolean;
}

/** Where the programs listen: at the end of execve(2) itself, or at that of every system call of the machine. */
export type AttemptHook = 'fexit' | 'sys_exit';

export interface AttemptSource {
  readonly hook: AttemptHook;
  /** Hands over what was written, oldest first. */
  drain(take: (attempt: Attempt) => void): void;
  /** Attempts that found the ring full since this was last asked; exact. */
  takeLost(): number;
  /** Called when an attempt was written that finds all others read. */
  onReadable(listener: () => void): Readiness;
  close(): void;
}
