/**
 * User names from the system's own databases: /etc/passwd at once, and for everybody else the C library, which may ask a directory
 * service over a network and is therefore asked on another thread. Answers are kept for a while, and as long as the file stays the same.
 */
import { readFileSync, statSync } from 'node:fs';
import { Failure } from '../errors.ts';
import { addressOf, getpwnam, getpwuid, WORD_BYTES } from '../linux/libc.ts';
import { monotonicMs } from '../linux/monotonic.ts';
import { readable, type Text, textOf } from '../process/text.ts';
import { onceIn } from './clocks.ts';
import type { Account, Users } from './host.ts';

const COLON = ':'.charCodeAt(0);
const NEWLINE = '\n'.charCodeAt(0);

/** name:password:uid:… of /etc/passwd; the first line of a uid counts, as for the C library. */
function localUsers(): Map<number, Text> {
  const names = new Map<number, Text>();
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(PASSWD);
  } catch {
    return names;
  }
  for (let start = 0; start < bytes.length; ) {
    const newline = bytes.indexOf(NEWLINE, start);
    const line = bytes.subarray(start, newline < 0 ? bytes.length : newline);
    start += line.length + 1;
    const colon = line.indexOf(COLON);
    const uid = Buffer.from(line).toString('latin1').split(':')[2];
    if (colon > 0 && /^\d+$/.test(uid ?? '') && !names.has(Number(uid)))
      names.set(Number(uid), textOf(line.subarray(0, colon)));
  }
  return names;
}

/**
 * `struct passwd`, in bytes: pointers to name and password, u32 uid and gid, pointers to comment, home and shell. The strings lie in
 * the buffer that was passed with it. Source: getpwnam(3), pwd.h.
 */
const ENTRY = {
  bytes: 16 * WORD_BYTES,
  name: 0,
  uid: 2 * WORD_BYTES,
  gid: 2 * WORD_BYTES + 4,
  home: 3 * WORD_BYTES + 8,
} as const;
const STRINGS_BYTES = 16 * 1024;

type Lookup = (entry: Uint8Array, strings: Uint8Array, length: number, result: Uint8Array) => Promise<number>;

interface Entry {
  readonly name: Text;
  readonly account: Account;
}

async function ask(lookup: Lookup): Promise<Entry | undefined> {
  const entry = new Uint8Array(ENTRY.bytes);
  const strings = new Uint8Array(STRINGS_BYTES);
  const result = new Uint8Array(WORD_BYTES);
  const errno = await lookup(entry, strings, STRINGS_BYTES, result);
  if (errno !== 0 || result.every((byte) => byte === 0)) return undefined;
  const words = new Uint32Array(entry.buffer);
  const textAt = (offset: number): Text => {
    const pointer = WORD_BYTES === 8 ? new BigUint64Array(entry.buffer)[offset / 8] : BigInt(words[offset / 4]);
    const start = Number(pointer - addressOf(strings));
    return textOf(strings.subarray(start, strings.indexOf(0, start)));
  };
  const name = textAt(ENTRY.name);
  const [uid, gid] = [words[ENTRY.uid / 4], words[ENTRY.gid / 4]];
  return { name, account: { name: readable(name), uid, gid, home: readable(textAt(ENTRY.home)) } };
}

const PASSWD = '/etc/passwd';
/** How often to look whether the file has changed, and for how long the answer of a service is believed. */
const LOOK_MS = 1000;
const BELIEVED_MS = 60_000;
/** Who asks by name waits for the answer, and no longer than this. */
const PATIENCE_MS = 5000;
const SOON_MS = 500;
/** Threads that may wait for a service: the pool has four, and others need it too. */
const MOST_THREADS = 2;

/** What distinguishes one state of a file from another. */
function stateOf(path: string): string {
  try {
    const { mtimeMs, size, ino } = statSync(path);
    return `${mtimeMs} ${size} ${ino}`;
  } catch {
    return '';
  }
}

/** The answer of a service: a name, or that there is none; and until when to believe it. `asked`: it has not answered yet. */
interface Answer {
  readonly name: Text | undefined;
  readonly untilMs: number;
  readonly asked?: true;
}

/** Names by number, as the databases have them now: a user may be added, renamed or removed while we watch. */
class Names {
  private local: Map<number, Text> = new Map();
  private state: string | undefined;
  private dueMs = 0;
  private readonly answers = new Map<number, Answer>();
  private asking = 0;

  of(uid: number): Text | undefined {
    // No timer: one would wake us between the records, which costs more than to ask for the time at each.
    const nowMs = monotonicMs();
    if (nowMs >= this.dueMs) this.look(nowMs);
    return this.local.get(uid) ?? this.answer(uid, nowMs);
  }

  private look(nowMs: number): void {
    this.dueMs = nowMs + LOOK_MS;
    const state = stateOf(PASSWD);
    if (state === this.state) return;
    this.state = state;
    this.local = localUsers();
    this.answers.clear();
  }

  /** What a service said last; asked again when that is old, and meanwhile still told. */
  private answer(uid: number, nowMs: number): Text | undefined {
    const known = this.answers.get(uid);
    const isDue = known === undefined || (nowMs > known.untilMs && known.asked === undefined);
    if (isDue && this.asking < MOST_THREADS) {
      this.asking++;
      if (known === undefined && this.answers.size >= MOST_ANSWERS) this.answers.clear();
      this.answers.set(uid, { name: known?.name, untilMs: nowMs, asked: true });
      void byNumber(uid).then((found) => {
        this.asking--;
        this.answers.set(uid, { name: found?.name, untilMs: monotonicMs() + BELIEVED_MS });
      });
    }
    return known?.name;
  }
}

/** Anybody may have as many user ids as he has ranges of (subuid(5)). */
const MOST_ANSWERS = 10_000;
const names = new Names();

/** What comes in time; a service that is away is asked by a thread, and nobody waits for it for ever. */
function inTime<T>(answer: Promise<T>, milliseconds: number, late: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    const passed = onceIn(milliseconds, () => void Promise.resolve().then(late).then(resolve, reject));
    void answer.then(resolve, reject).finally(() => passed.cancel());
  });
}

const isAway = (name: string) => (): never => {
  throw new Failure(
    'unavailable',
    `the database of users does not answer when asked for "${name}"`,
    'give the number instead',
  );
};

const byNumber = (uid: number): Promise<Entry | undefined> => ask((...to) => getpwuid(uid, ...to));
const byName = (name: string): Promise<Entry | undefined> => {
  const bytes = Buffer.from(`${name}\0`);
  return ask((...to) => getpwnam(bytes, ...to));
};

export const users: Users = {
  name: (uid) => names.of(uid),
  nameSoon: async (uid) => names.of(uid) ?? (await inTime(byNumber(uid), SOON_MS, () => undefined))?.name,
  async account(name) {
    const asked = /^\d+$/.test(name) ? byNumber(Number(name)) : byName(name);
    return (await inTime(asked, PATIENCE_MS, isAway(name)))?.account;
  },
};
