/**
 * The start of a command that shall not notice who started it. Node's own child_process closes all descriptors from 3 on, knows
 * arguments and environment as text only, and hands on the limit and the signals that Node.js made for itself.
 *
 * posix_spawn(3) is the way that is safe inside of Node.js: the C library makes the child with CLONE_VFORK, blocks every signal meanwhile,
 * runs nothing of ours in it, and gives back why an exec failed. A fork of our own would let JavaScript run in a process that has
 * lost all other threads; a vfork of our own would return twice into the same frame. What posix_spawn has no attribute for is set in this
 * process for the moment of the call, which is short, and nobody else in this process starts anything.
 */
import type { Given } from './given.ts';
import {
  addressOf,
  errno,
  fcntl,
  getrlimit,
  posixSpawnp,
  setrlimit,
  sigaction,
  signal,
  spawnattrInit,
  spawnattrSetflags,
  spawnattrSetsigdefault,
  spawnattrSetsigmask,
  WORD_BYTES,
} from './libc.ts';
import { SystemError } from './system-error.ts';

export interface Command {
  /** The first is the name to be looked for, as execvp(3) does, if it has no slash. */
  readonly args: readonly Uint8Array[];
  readonly environment: readonly Uint8Array[];
}

/** Larger than `posix_spawnattr_t` of any C library (336 bytes in glibc). */
const ATTRIBUTES_BYTES = 1024;
const SETSIGDEF = 0x04;
const SETSIGMASK = 0x08;

/** `sigset_t`: 1024 bits, in words. */
const SET_BYTES = 128;
const Word = WORD_BYTES === 8 ? BigUint64Array : Uint32Array;

function signalSet(signals: readonly number[]): Uint8Array {
  const set = new Uint8Array(SET_BYTES);
  const words = new Word(set.buffer);
  const bits = 8 * WORD_BYTES;
  for (const one of signals) {
    const [word, bit] = [Math.floor((one - 1) / bits), (one - 1) % bits];
    if (words instanceof BigUint64Array) words[word] |= 1n << BigInt(bit);
    else words[word] |= 1 << bit;
  }
  return set;
}

const LAST_SIGNAL = 64;
const SIGKILL = 9;
const SIGSTOP = 19;
const CATCHABLE = Array.from({ length: LAST_SIGNAL }, (_, i) => i + 1).filter((n) => n !== SIGKILL && n !== SIGSTOP);

function attributesFor({ blocked, ignored }: Given): Uint8Array {
  const attributes = new Uint8Array(ATTRIBUTES_BYTES);
  spawnattrInit(attributes);
  spawnattrSetflags(attributes, SETSIGDEF | SETSIGMASK);
  spawnattrSetsigmask(attributes, signalSet(blocked));
  // Also those that the C library keeps for itself: it would have its children ignore them.
  spawnattrSetsigdefault(attributes, signalSet(CATCHABLE.filter((one) => !ignored.includes(one))));
  return attributes;
}

/** A vector of C strings, and what must not be let go as long as it is used. */
function vector(strings: readonly Uint8Array[]) {
  const held = strings.map((bytes) => Buffer.concat([bytes, Uint8Array.of(0)]));
  const pointers = new Word(strings.length + 1);
  held.forEach((bytes, i) => {
    pointers[i] = pointers instanceof BigUint64Array ? addressOf(bytes) : Number(addressOf(bytes));
  });
  return { pointers, held };
}

const F_SETFD = 2;
const FD_CLOEXEC = 1;
const STANDARD = [0, 1, 2];

/** What was given stays open in the command; what Node.js opened in place of a closed stream does not. */
function hand(on: readonly number[]): void {
  for (const fd of on) fcntl(fd, F_SETFD, 0);
  for (const fd of STANDARD) if (!on.includes(fd)) fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/** On every machine koffi runs on. */
const RLIMIT_NOFILE = 7;
const UNLIMITED = 2n ** BigInt(8 * WORD_BYTES) - 1n;

/** `struct rlimit`: soft, hard. */
function withOpenFiles<T>(soft: Given['openFiles'], task: () => T): T {
  const now = new Word(2);
  if (soft === undefined || getrlimit(RLIMIT_NOFILE, now) < 0) return task();
  const then = now.slice();
  const wanted = soft === 'unlimited' ? UNLIMITED : soft;
  if (then instanceof BigUint64Array) then[0] = wanted;
  else then[0] = Number(wanted);
  if (setrlimit(RLIMIT_NOFILE, then) < 0) return task();
  try {
    return task();
  } finally {
    setrlimit(RLIMIT_NOFILE, now);
  }
}

const SIG_IGN = 1;
const ACTION_BYTES = 256;

/** Signals that the command shall ignore although we hear them. */
function withIgnored<T>(signals: readonly number[], task: () => T): T {
  const before = signals.map((one) => {
    const action = new Uint8Array(ACTION_BYTES);
    sigaction(one, null, action);
    signal(one, SIG_IGN);
    return action;
  });
  try {
    return task();
  } finally {
    signals.forEach((one, i) => {
      sigaction(one, before[i], null);
    });
  }
}

/** Starts the command with our own ids, terminal, directory and all that an exec leaves as it is. Throws why it could not be. */
export function spawn({ args, environment }: Command, given: Given): number {
  const pid = new Int32Array(1);
  const attributes = attributesFor(given);
  const argv = vector(args);
  const envp = vector(environment);
  hand(given.descriptors);
  const failed = withIgnored(given.ignored, () =>
    withOpenFiles(given.openFiles, () =>
      posixSpawnp(pid, argv.held[0], null, attributes, argv.pointers, envp.pointers),
    ),
  );
  if (failed !== 0) throw new SystemError('posix_spawn', failed);
  return pid[0];
}

/** From now on signals that were ignored at our start are ignored by us as well, but for those that we cannot do without. */
export function goOnIgnoring(signals: readonly number[]): void {
  for (const one of signals) {
    if (signal(one, SIG_IGN) < 0) throw new SystemError('signal', errno());
  }
}
