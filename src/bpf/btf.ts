/**
 * Lookup in the kernel's own description of its types (BTF), pure over bytes: where a member lies in a struct, and the id of a type by
 * its name. Owns the format and nothing else: which members are wanted, and what follows if one is missing, is the programs' business.
 *
 * /sys/kernel/btf/vmlinux has 5 MB and 150,000 types, and a dozen are wanted: names are searched for as bytes, and where a type begins is
 * noted only as far as its number must be known.
 * Source: Documentation/bpf/btf.rst, include/uapi/linux/btf.h.
 */
import { UnknownLayout } from './offsets.ts';

const MAGIC = 0xeb9f;
/** `struct btf_header`: u16 magic, u8 version, u8 flags, then u32s: header length, type offset and length, string offset and length. */
const HEADER = {
  bytes: 24,
  lengthWord: 1,
  typeOffsetWord: 2,
  typeLengthWord: 3,
  stringOffsetWord: 4,
  stringLengthWord: 5,
} as const;
/** `struct btf_type` and the items behind it, in u32 words. */
const TYPE_WORDS = 3;
const MEMBER_WORDS = 3;

/** Row number = kind; words that follow the type: a fixed count, or a count for each of its `vlen` items. */
const KINDS: readonly { readonly fixed: number; readonly each: number }[] = [
  /* void */ { fixed: 0, each: 0 },
  /* int */ { fixed: 1, each: 0 },
  /* ptr */ { fixed: 0, each: 0 },
  /* array */ { fixed: 3, each: 0 },
  /* struct */ { fixed: 0, each: MEMBER_WORDS },
  /* union */ { fixed: 0, each: MEMBER_WORDS },
  /* enum */ { fixed: 0, each: 2 },
  /* fwd */ { fixed: 0, each: 0 },
  /* typedef */ { fixed: 0, each: 0 },
  /* volatile */ { fixed: 0, each: 0 },
  /* const */ { fixed: 0, each: 0 },
  /* restrict */ { fixed: 0, each: 0 },
  /* func */ { fixed: 0, each: 0 },
  /* func_proto */ { fixed: 0, each: 2 },
  /* var */ { fixed: 1, each: 0 },
  /* datasec */ { fixed: 0, each: 3 },
  /* float */ { fixed: 0, each: 0 },
  /* decl_tag */ { fixed: 1, each: 0 },
  /* type_tag */ { fixed: 0, each: 0 },
  /* enum64 */ { fixed: 0, each: 3 },
];
const KIND = { ptr: 2, array: 3, struct: 4, union: 5, typedef: 8, func: 12, prototype: 13 } as const;
/** const, volatile, restrict, typedef, type_tag: the same thing under another name. */
const SEE_THROUGH = new Set([8, 9, 10, 11, 18]);

const POINTER_BYTES = 8;
/** Deeper nesting than C has ever seen: the file is broken. */
const MAX_DEPTH = 32;

export interface Member {
  /** Bytes from the beginning of the struct that was asked about. */
  readonly offset: number;
  /** Bytes; of a whole array where it is one. */
  readonly bytes: number;
}

/** Bits within one byte, counted as a little-endian machine does. */
export interface BitField {
  /** Bytes from the beginning of the struct. */
  readonly offset: number;
  readonly mask: number;
}

/** A member by its name: `offset` in bytes, which has a fraction where `bits` says that it is a bit field. */
interface Found {
  readonly offset: number;
  readonly type: number;
  readonly bits?: number;
}

type NamedKind = 'struct' | 'typedef' | 'func';

export class Btf {
  private readonly words: Uint32Array;
  private readonly bytes: Buffer;
  /** First byte of the names, and of what lies behind them. */
  private readonly strings: number;
  private readonly stringsEnd: number;
  /** First word of each type by id, as far as somebody has asked; id 0 is void. */
  private readonly starts: Uint32Array;
  private walked = 1;
  private next: number;
  /** First word behind the types. */
  private readonly end: number;
  /** What was asked before: five programs ask for much the same. */
  private readonly ids = new Map<string, number | undefined>();
  private readonly members = new Map<string, Member | undefined>();

  /** Throws an Error on what is no BTF of this machine's byte order. */
  constructor(file: Uint8Array) {
    // The words of the type section are read as such: they must be aligned.
    const aligned = file.byteOffset % 4 === 0 ? file : file.slice();
    const words = new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength >>> 2);
    if (aligned.byteLength < HEADER.bytes || (words[0] & 0xffff) !== MAGIC) throw new Error('not a BTF file');
    const header = words[HEADER.lengthWord];
    this.words = words;
    this.bytes = Buffer.from(aligned.buffer, aligned.byteOffset, aligned.byteLength);
    this.strings = header + words[HEADER.stringOffsetWord];
    this.stringsEnd = this.strings + words[HEADER.stringLengthWord];
    this.next = (header + words[HEADER.typeOffsetWord]) >>> 2;
    this.end = this.next + (words[HEADER.typeLengthWord] >>> 2);
    if (this.end > words.length) throw new Error('BTF is cut short');
    this.starts = new Uint32Array(1 + Math.ceil((this.end - this.next) / TYPE_WORDS));
  }

  /** Notes where the next type begins; false behind the last. Throws UnknownLayout on a kind newer than the table. */
  private walk(): boolean {
    const at = this.next;
    if (at >= this.end) return false;
    const info = this.words[at + 1];
    const kind = (info >>> 24) & 0x1f;
    if (kind >= KINDS.length) throw new UnknownLayout(`the kernel's BTF has types of an unknown kind (${kind})`);
    this.starts[this.walked++] = at;
    this.next = at + TYPE_WORDS + KINDS[kind].fixed + KINDS[kind].each * (info & 0xffff);
    return true;
  }

  /** First word of a type; of void where there is none of that number. */
  private start(id: number): number {
    while (this.walked <= id && this.walk());
    return this.starts[id] ?? 0;
  }

  /** The id of the type that begins at a word; undefined if none does. */
  private idAt(word: number): number | undefined {
    while (this.next <= word && this.walk());
    // Types follow one another: the last that was walked over, or one that was walked over long ago.
    let [low, high] = [1, this.walked - 1];
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.starts[middle] <= word) low = middle;
      else high = middle - 1;
    }
    return this.starts[low] === word ? low : undefined;
  }

  /** Type id by exact name; undefined if there is none. */
  idOf(kind: NamedKind, name: string): number | undefined {
    const key = `${kind} ${name}`;
    if (!this.ids.has(key)) this.ids.set(key, this.search(KIND[kind], name));
    return this.ids.get(key);
  }

  /** First byte of a name. To search for the NUL before it as well takes four times as long: each name begins with one. */
  private nameAt(name: string): number | undefined {
    let at = this.strings;
    do {
      at = this.bytes.indexOf(`${name}\0`, at + 1, 'latin1');
      if (at < 0 || at >= this.stringsEnd) return undefined;
    } while (this.bytes[at - 1] !== 0);
    return at;
  }

  /** Each name is kept once; whatever has its offset where a type has its name may be the type. */
  private search(kind: number, name: string): number | undefined {
    const found = this.nameAt(name);
    if (found === undefined) return undefined;
    const offset = Buffer.from(Uint32Array.of(found - this.strings).buffer);
    const [first, end] = [this.starts[1] || this.next, this.end];
    for (let byte = this.bytes.indexOf(offset, first * 4); byte >= 0 && byte < end * 4; ) {
      const word = byte >>> 2;
      if (byte % 4 === 0 && ((this.words[word + 1] >>> 24) & 0x1f) === kind) {
        const id = this.idAt(word);
        if (id !== undefined) return id;
      }
      byte = this.bytes.indexOf(offset, byte + 1);
    }
    return undefined;
  }

  /** How many parameters the functions have that a typedef of a pointer to functions stands for; undefined if it stands for no such thing. */
  parametersOf(typedef: string): number | undefined {
    const id = this.idOf('typedef', typedef);
    const pointer = id === undefined ? undefined : this.resolve(id);
    if (pointer === undefined || this.kindOf(pointer) !== KIND.ptr) return undefined;
    const prototype = this.resolve(this.words[this.start(pointer) + 2]);
    return this.kindOf(prototype) === KIND.prototype ? this.words[this.start(prototype) + 1] & 0xffff : undefined;
  }

  /** Where `path` lies in a struct; a dot descends into a struct that is a member, and unnamed structs and unions are looked through. */
  member(struct: string, path: string): Member | undefined {
    const key = `${struct} ${path}`;
    if (!this.members.has(key)) this.members.set(key, this.memberOf(struct, path));
    return this.members.get(key);
  }

  private memberOf(struct: string, path: string): Member | undefined {
    let id = this.idOf('struct', struct);
    let offset = 0;
    for (const name of path.split('.')) {
      const found = id === undefined ? undefined : this.find(id, Buffer.from(`${name}\0`, 'latin1'), 0);
      // A bit field has no address.
      if (found === undefined || found.bits !== undefined) return undefined;
      offset += found.offset;
      id = found.type;
    }
    const bytes = id === undefined ? undefined : this.sizeOf(id);
    return bytes === undefined ? undefined : { offset, bytes };
  }

  /** Where a bit field lies: the byte, and its bits in that; undefined if there is none of that name, or it is larger than a byte. */
  bitField(struct: string, name: string): BitField | undefined {
    const id = this.idOf('struct', struct);
    const found = id === undefined ? undefined : this.find(id, Buffer.from(`${name}\0`, 'latin1'), 0);
    if (found?.bits === undefined) return undefined;
    const first = Math.floor(found.offset);
    const shift = (found.offset - first) * 8;
    return shift + found.bits > 8 ? undefined : { offset: first, mask: (2 ** found.bits - 1) << shift };
  }

  /** `name` ends with its NUL, so no longer name can match. */
  private isNamed(at: number, name: Uint8Array): boolean {
    const start = this.strings + this.words[at];
    for (let i = 0; i < name.length; i++) {
      if (this.bytes[start + i] !== name[i]) return false;
    }
    return true;
  }

  private kindOf(id: number): number {
    return (this.words[this.start(id) + 1] >>> 24) & 0x1f;
  }

  private resolve(id: number): number {
    let at = id;
    for (let depth = 0; SEE_THROUGH.has(this.kindOf(at)) && depth < MAX_DEPTH; depth++) {
      at = this.words[this.start(at) + 2];
    }
    return at;
  }

  private find(id: number, name: Uint8Array, depth: number): Found | undefined {
    const struct = this.resolve(id);
    const kind = this.kindOf(struct);
    if ((kind !== KIND.struct && kind !== KIND.union) || depth > MAX_DEPTH) return undefined;
    const at = this.start(struct);
    const info = this.words[at + 1];
    const hasBitfields = info >>> 31 === 1;
    for (let i = 0; i < (info & 0xffff); i++) {
      const member = at + TYPE_WORDS + i * MEMBER_WORDS;
      const bits = this.words[member + 2];
      const offset = (hasBitfields ? bits & 0xffffff : bits) / 8;
      if (this.words[member] === 0 || this.bytes[this.strings + this.words[member]] === 0) {
        const inner = this.find(this.words[member + 1], name, depth + 1);
        if (inner !== undefined) return { ...inner, offset: offset + inner.offset };
      } else if (this.isNamed(member, name)) {
        const many = hasBitfields ? bits >>> 24 : 0;
        return { offset, type: this.words[member + 1], ...(many > 0 && { bits: many }) };
      }
    }
    return undefined;
  }

  private sizeOf(id: number, depth = 0): number | undefined {
    const type = this.resolve(id);
    const kind = this.kindOf(type);
    const at = this.start(type);
    if (kind === KIND.ptr) return POINTER_BYTES;
    if (kind !== KIND.array) return this.words[at + 2];
    const each = depth > MAX_DEPTH ? undefined : this.sizeOf(this.words[at + TYPE_WORDS], depth + 1);
    return each === undefined ? undefined : each * this.words[at + TYPE_WORDS + 2];
  }
}
