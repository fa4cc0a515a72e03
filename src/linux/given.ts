/**
 * What this process was given at its start and Node.js has changed since: it raises the soft limit of open files, makes the first inherited
 * descriptors close at an exec, opens /dev/null where a standard stream was closed, hears signals that were ignored, ignores two others
 * and empties the signal mask (src/node.cc, `PlatformInit`). The launcher, which is a shell before it is Node.js, notes all that
 * in one variable of the environment; who starts Node.js without it leaves traces only.
 */
import { readFileSync } from 'node:fs';
import { ignoredRealTime, signalsOf, tracedSignals, traces, UNTRACED } from './traces.ts';

export interface Given {
  /** Signals, as numbers. */
  readonly blocked: readonly number[];
  readonly ignored: readonly number[];
  /** The soft limit of open files; undefined if it is still what it was. */
  readonly openFiles: bigint | 'unlimited' | undefined;
  /** Descriptors that were open, standard streams included. */
  readonly descriptors: readonly number[];
  /** `NAME=VALUE` to the byte, in order. */
  readonly environment: readonly Uint8Array[];
}

/** The launcher's variable: pid, SigBlk, SigIgn, soft limit, `,0,1,2`, and all bytes of the environment in hex. */
export const TESTIMONY = 'PROCWATCH_GIVEN';
const FIELDS = /^(\d+) ([0-9a-f]+) ([0-9a-f]+) (\d+|unlimited) ((?:,\d+)*)\s([0-9a-f\s]*)$/;

const NUL = 0;

/** The strings of an environment block: each ends with a NUL. */
function stringsOf(block: Uint8Array): Uint8Array[] {
  const strings: Uint8Array[] = [];
  for (let start = 0; start < block.length; ) {
    const nul = block.indexOf(NUL, start);
    const end = nul < 0 ? block.length : nul;
    if (end > start) strings.push(block.subarray(start, end));
    start = end + 1;
  }
  return strings;
}

const isTestimony = (entry: Uint8Array): boolean =>
  Buffer.from(entry.subarray(0, TESTIMONY.length + 1)).toString('latin1') === `${TESTIMONY}=`;

/** As Node.js got it: where a shell came before, without the names that it takes for none. */
function ownEnvironment(instead: EnvironmentInstead): Uint8Array[] {
  try {
    return stringsOf(readFileSync('/proc/self/environ')).filter((entry) => !isTestimony(entry));
  } catch {
    return instead();
  }
}

/** What Node.js has made of it, where /proc does not tell. */
type EnvironmentInstead = () => Uint8Array[];

/** Undefined if this is no testimony, or one about another process. */
export function givenByLauncher(
  testimony: string | undefined,
  pid: number,
  instead: EnvironmentInstead = () => [],
): Given | undefined {
  const [, about, blocked, ignored, openFiles, descriptors, environment] = FIELDS.exec(testimony ?? '') ?? [];
  if (Number(about) !== pid) return undefined;
  const block = Buffer.from(environment.replace(/\s+/g, ''), 'hex');
  return {
    blocked: signalsOf(blocked),
    ignored: signalsOf(ignored),
    openFiles: openFiles === 'unlimited' ? openFiles : BigInt(openFiles),
    descriptors: descriptors.split(',').slice(1).map(Number),
    environment: block.length > 0 ? stringsOf(block) : ownEnvironment(instead),
  };
}

const [SIGINT, SIGQUIT, LAST_CLASSIC] = [2, 3, 31];

/** @param noted what a shell found ignored; it may ignore SIGQUIT by itself, and hear others that were ignored, until it becomes Node.js */
function ignoredClassic(noted: readonly number[] | undefined): number[] {
  const traced = tracedSignals();
  const classic = (noted ?? []).filter((signal) => signal <= LAST_CLASSIC);
  if (traced === undefined) return classic.filter((signal) => signal !== SIGQUIT || classic.includes(SIGINT));
  if (noted !== undefined) return [...traced, ...classic.filter((signal) => UNTRACED.includes(signal))];
  // Shells let their background jobs ignore the two together.
  return traced.includes(SIGQUIT) ? [SIGINT, ...traced] : traced;
}

/** To be asked before anything else is opened and before any signal is listened to. */
export function given(testimony: string | undefined, instead: EnvironmentInstead = () => []): Given {
  const noted = givenByLauncher(testimony, process.pid, instead);
  const rest = noted ?? { ...traces(), blocked: [], environment: ownEnvironment(instead) };
  return { ...rest, ignored: [...ignoredClassic(noted?.ignored), ...ignoredRealTime()] };
}
