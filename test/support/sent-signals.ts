/** Signals as the program in the kernel tells them, made by hand: a plain kill(2) of one process by another, unless said otherwise. */
import { INFO, type SentSignal, type Victim, WHY } from '../../src/cause/sent-signal.ts';
import type { Moment } from '../../src/process/moment.ts';

export const seconds = (number: number): Moment => ({
  seconds: Math.floor(number),
  nanos: Math.round((number % 1) * 1e9),
});

/** Births on CLOCK_BOOTTIME. */
export const BORN = { target: seconds(50.5), sender: seconds(20.25) } as const;
export const TARGET = 4000;
export const SENDER = 300;
export const SIGTERM = 15;

interface Over extends Partial<Omit<SentSignal, 'target' | 'sender'>> {
  readonly target?: Partial<SentSignal['target']>;
  readonly sender?: Partial<SentSignal['sender']>;
}

export function sent({ target, sender, ...over }: Over = {}): SentSignal {
  return {
    at: seconds(100),
    signal: SIGTERM,
    why: WHY.kills,
    info: INFO.told,
    code: 0,
    address: 0n,
    syscall: 0,
    isOnStack: true,
    isForGroup: true,
    ...over,
    target: {
      pid: TARGET,
      tid: TARGET,
      start: BORN.target,
      ptrace: 0,
      tracer: 1,
      parentDeathSignal: 0,
      memory: 0xaaan,
      isInExec: false,
      ...target,
    },
    sender: { pid: SENDER, tid: SENDER, start: BORN.sender, uid: 1000, comm: 'kill', isEnding: false, ...sender },
  };
}

/** Sent by the target's own thread. */
export const own = { pid: TARGET, tid: TARGET, start: BORN.target, comm: 'shop' } as const;

export const victim = (over: Partial<Victim> = {}): Victim => ({
  at: seconds(100.00001),
  tid: TARGET,
  start: BORN.target,
  triggerTid: SENDER,
  memory: 0xaaan,
  residentKib: 4096,
  ...over,
});
