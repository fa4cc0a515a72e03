/**
 * What a process runs, from a record of ours. The bytes are kept as they came, one letter a byte, and made into texts only when somebody
 * asks for one: of most images nobody wants more than two or three members. Pure.
 *
 * Why letters: thousands of records a second, each as an array of bytes of its own, cost more to collect than to decode; a string does not.
 */
import type { FileId, Image, PathMissing } from '../process/image.ts';
import type { Text } from '../process/text.ts';
import { DELETED, FACT, PATH_BYTES, STATE_MASK, WALK } from './fact-record.ts';
import { argsFrom, commAt, letters, textFrom } from './record-fields.ts';

/** Paths come again and again; those that were asked for lately are kept, as many as fit. */
const KEPT_PATHS = 1024;
const KEPT_LENGTH = 512;
const keptPaths = new Map<string, Text>();

/** Letters of their own: a part of a longer string keeps all of it in memory. */
const copied = (part: string): string => Buffer.from(part, 'latin1').toString('latin1');

/** `true/bin/usr/` is /usr/bin/true. Names are bytes: they are turned around before they are made into a text. */
function turned(walked: string): Text {
  const known = keptPaths.get(walked);
  if (known !== undefined) return known;
  const path = textFrom(walked === '' ? '/' : walked.split('/').reverse().join('/'));
  if (walked.length <= KEPT_LENGTH) {
    if (keptPaths.size >= KEPT_PATHS) keptPaths.clear();
    keptPaths.set(copied(walked), path);
  }
  return path;
}

/** The path that a walk has written; undefined where it was cut, torn or impossible. */
function walkedPath(walked: string, state: number): Text | undefined {
  switch (state & STATE_MASK) {
    case WALK.complete:
      return turned(walked);
    case WALK.pseudo:
      return textFrom(`/${walked}`);
    default:
      return undefined;
  }
}

const isDeleted = (state: number): true | undefined =>
  ((state & STATE_MASK) === WALK.complete && (state & DELETED) !== 0) || (state & STATE_MASK) === WALK.pseudo
    ? true
    : undefined;

const MISSING: Readonly<Record<number, PathMissing>> = {
  [WALK.tooDeep]: 'too deep',
  [WALK.tooLong]: 'too long',
  [WALK.torn]: 'torn',
  [WALK.escaped]: 'unreachable',
  [WALK.fault]: 'unreadable',
};

/** The words of a ring, and the byte at which the record begins: a multiple of 8. */
export interface RecordPlace {
  readonly bytes: Buffer;
  readonly words: Uint32Array;
  readonly at: number;
}

export class FactImage implements Image {
  readonly comm: Text;
  readonly uid: number;
  readonly missing = undefined;
  readonly unread = undefined;
  kept: Image['kept'] = undefined;
  /** Arguments, path, program and directory, one behind the other; and where the first three end. */
  private letters: string;
  private argsEnd: number;
  private pathEnd: number;
  private exeEnd: number;
  private readonly exeState: number;
  private readonly cwdState: number;
  private readonly argsBytes: number;
  /** -1: not known. */
  private readonly device: number;
  private readonly inodeHigh: number;
  private readonly inodeLow: number;

  /** Copies what it needs. */
  constructor({ bytes, words, at }: RecordPlace) {
    const word = at >>> 2;
    const u32 = (field: number): number => words[word + (field >>> 2)];
    const path = u32(FACT.pathResult);
    this.comm = commAt(bytes, at + FACT.comm);
    this.uid = u32(FACT.effectiveUid);
    this.letters = letters(bytes, at + FACT.bytes, at + u32(FACT.cwdEnd));
    this.argsEnd = u32(FACT.argsStored);
    this.pathEnd = this.argsEnd + (path <= PATH_BYTES ? path : 0);
    this.exeEnd = u32(FACT.exeEnd) - FACT.bytes;
    this.exeState = u32(FACT.exeState);
    this.cwdState = u32(FACT.cwdState);
    this.argsBytes = u32(FACT.argsTotal);
    this.device = u32(FACT.hasFile) === 1 ? u32(FACT.device) : -1;
    this.inodeLow = u32(FACT.inode);
    this.inodeHigh = u32(FACT.inode + 4);
  }

  get textBytes(): number {
    return this.letters.length;
  }

  lighten(argsBytes: number): void {
    const gone = this.argsEnd - argsBytes;
    if (gone <= 0) return;
    this.letters = copied(this.letters.slice(0, argsBytes) + this.letters.slice(this.argsEnd));
    this.argsEnd -= gone;
    this.pathEnd -= gone;
    this.exeEnd -= gone;
    this.kept = undefined;
  }

  get args(): readonly Text[] | undefined {
    return this.argsEnd === 0 ? undefined : argsFrom(this.letters.slice(0, this.argsEnd));
  }

  get argsLetters(): string | undefined {
    return this.argsEnd === 0 ? undefined : this.letters.slice(0, this.argsEnd);
  }

  get argsTotal(): number | undefined {
    return this.argsEnd > 0 && this.argsBytes > this.argsEnd ? this.argsBytes : undefined;
  }

  get path(): Text | undefined {
    const { argsEnd, pathEnd } = this;
    return pathEnd - argsEnd > 1 ? textFrom(this.letters.slice(argsEnd, pathEnd - 1)) : undefined;
  }

  get exe(): Text | undefined {
    return walkedPath(this.letters.slice(this.pathEnd, this.exeEnd), this.exeState);
  }

  get exeDeleted(): true | undefined {
    return isDeleted(this.exeState);
  }

  get exeMissing(): PathMissing | undefined {
    return MISSING[this.exeState & STATE_MASK];
  }

  get cwd(): Text | undefined {
    return walkedPath(this.letters.slice(this.exeEnd), this.cwdState);
  }

  get cwdDeleted(): true | undefined {
    return isDeleted(this.cwdState);
  }

  get cwdMissing(): PathMissing | undefined {
    return MISSING[this.cwdState & STATE_MASK];
  }

  /** The kernel's own dev_t: 12 bits major, 20 bits minor (include/linux/kdev_t.h). */
  get file(): FileId | undefined {
    const { device, inodeHigh, inodeLow } = this;
    if (device < 0) return undefined;
    const inode = inodeHigh === 0 ? inodeLow : (BigInt(inodeHigh) << 32n) | BigInt(inodeLow);
    return { device: `${device >>> 20}:${device & 0xfffff}`, inode };
  }
}
