/**
 * User names from the system's own databases: /etc/passwd at once, and for everybody else the C library, which may ask a directory
 * service over a network and is therefore asked on another thread. Answers are kept.
 */
import { readFileSync } from 'node:fs';
import { addressOf, getpwnam, getpwuid, WORD_BYTES } from '../linux/libc.ts';
import { readable, type Text, textOf } from '../process/text.ts';
import type { Account, Users } from './host.ts';

const COLON = ':'.charCodeAt(0);
const NEWLINE = '\n'.charCodeAt(0);

/** name:password:uid:… of /etc/passwd; the first line of a uid counts, as for the C library. */
function localUsers(): Map<number, Text> {
  const names = new Map<number, Text>();
  let bytes: Uint8Array;
  try {
    bytes = readFileSync('/etc/passwd');
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

async function ask(lookup: Lookup): Promise<{ name: Text; account: Account } | undefined> {
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

let known: Map<number, Text> | undefined;
const asked = new Set<number>();

export const users: Users = {
  name(uid) {
    known ??= localUsers();
    const name = known.get(uid);
    if (name === undefined && !asked.has(uid)) {
      asked.add(uid);
      void ask((...to) => getpwuid(uid, ...to)).then((found) => found && known?.set(uid, found.name));
    }
    return name;
  },
  async account(name) {
    if (/^\d+$/.test(name)) return (await ask((...to) => getpwuid(Number(name), ...to)))?.account;
    const nameBytes = Buffer.from(`${name}\0`);
    return (await ask((...to) => getpwnam(nameBytes, ...to)))?.account;
  },
};
