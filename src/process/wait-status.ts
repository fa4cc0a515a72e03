/** The wait status of a process, taken apart as wait(2) says. Pure. */
import { constants } from 'node:os';

export type Outcome =
  | { readonly kind: 'code'; readonly code: number }
  | { readonly kind: 'signal'; readonly signal: string; readonly number: number; readonly coreDumped: boolean };

/** Names of this machine's signals; where two share a number (SIGIO, SIGPOLL) the older name is kept. */
const NAME_OF = new Map<number, string>();
for (const [name, number] of Object.entries(constants.signals)) {
  if (!NAME_OF.has(number)) NAME_OF.set(number, name);
}
/** The first real-time signal of the kernel (the C libraries keep the first two or three for themselves), and the last signal. */
const FIRST_REAL_TIME = 32;
const LAST_SIGNAL = 64;

/** The first that programs may use, by the GNU C library, which bash and systemd count from; and half way to the last. */
const SIGRTMIN = 34;
const HALF_WAY = 49;

/** `SIGRTMIN+3`, `SIGRTMAX-14`, as bash and systemd write them. The two before are the C library's own. */
function realTimeName(number: number): string {
  if (number < SIGRTMIN) return `SIG${number}`;
  if (number === SIGRTMIN) return 'SIGRTMIN';
  if (number <= HALF_WAY) return `SIGRTMIN+${number - SIGRTMIN}`;
  return number === LAST_SIGNAL ? 'SIGRTMAX' : `SIGRTMAX-${LAST_SIGNAL - number}`;
}

export function signalName(number: number): string {
  return NAME_OF.get(number) ?? (number >= FIRST_REAL_TIME ? realTimeName(number) : `SIG${number}`);
}

/** `KILL`, `sigkill`, `RTMIN+3` or `9` to a number; undefined if there is no such signal. */
export function signalNumber(name: string): number | undefined {
  const within = (first: number, number: number) => (number >= first && number <= LAST_SIGNAL ? number : undefined);
  if (/^\d+$/.test(name)) return within(1, Number(name));
  const upper = name.toUpperCase();
  const full = upper.startsWith('SIG') ? upper : `SIG${upper}`;
  const [, base, offset = '0'] = /^SIGRT(MIN|MAX)((?:[+-]\d+)?)$/.exec(full) ?? [];
  if (base !== undefined) return within(SIGRTMIN, (base === 'MIN' ? SIGRTMIN : LAST_SIGNAL) + Number(offset || 0));
  const realTime = /^SIG(?:RT)?(\d+)$/.exec(full);
  if (realTime) return within(full.startsWith('SIGRT') ? FIRST_REAL_TIME : 1, Number(realTime[1]));
  return (constants.signals as Record<string, number | undefined>)[full];
}

/** Nearly all ends are this one. */
const SUCCESS: Outcome = { kind: 'code', code: 0 };

export function outcomeOf(waitStatus: number): Outcome {
  if (waitStatus === 0) return SUCCESS;
  const number = waitStatus & 0x7f;
  if (number === 0) return { kind: 'code', code: (waitStatus >>> 8) & 0xff };
  return { kind: 'signal', signal: signalName(number), number, coreDumped: (waitStatus & 0x80) !== 0 };
}

/** What a shell would have in `$?`: the code, or 128 plus the signal. */
export function shellStatus(waitStatus: number): number {
  const outcome = outcomeOf(waitStatus);
  const SIGNAL_BASE = 128;
  return outcome.kind === 'code' ? outcome.code : SIGNAL_BASE + outcome.number;
}

/** `exit 3`, `SIGSEGV (core dumped)`. */
export function inWords(waitStatus: number): string {
  const outcome = outcomeOf(waitStatus);
  if (outcome.kind === 'code') return `exit ${outcome.code}`;
  return outcome.signal + (outcome.coreDumped ? ' (core dumped)' : '');
}
