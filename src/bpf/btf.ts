/**
 * Lookup in the kernel's own description of its types (BTF), pure over bytes: where a member lies in a struct, and the id of a type by
 * its name. Owns the format and nothing else: which members are wanted, and what follows if one is missing, is the programs' business.
 *
 * /sys/kernel/btf/vmlinux has 5 MB and 150,000 types: one pass notes where each begins, names stay bytes until they are asked for.
 * Source: Documentation/bpf/btf.rst, include/uapi/linux/btf.h.
 */

const MAGIC = 0xeb9f;
/** `struct btf_header`: u16 magic, u8 version, u8 flags, then u32s: header length, type offset and length, string offset and length. */
const HEADER = { bytes: 24, lengthWord: 1, typeOffsetWord: 2, typeLengthWord: 3, stringOffsetWord: 4 } as const;
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

export class Btf {
  private readonly words: Uint32Array;
  private readonly bytes: Uint8Array;
  private readonly strings: number;
  /** First word of each type by id; id 0 is void. */
  private readonly starts: Uint32Array;
  private readonly idsOfKind = new Map<number, number[]>();

  /** Throws a RangeError or Error on what is no BTF of this machine's byte order, or has kinds newer than this table. */
  constructor(file: Uint8Array) {
    // The words of the type section are read as such: they must be aligned.
    const aligned = file.byteOffset % 4 === 0 ? file : file.slice();
    const words = new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength >>> 2);
    if (aligned.byteLength < HEADER.bytes || (words[0] & 0xffff) !== MAGIC) throw new Error('not a BTF file');
    const header = words[HEADER.lengthWord];
    this.words = words;
    this.bytes = aligned;
    this.strings = header + words[HEADER.stringOffsetWord];
    const first = (header + words[HEADER.typeOffsetWord]) >>> 2;
    this.starts = this.index(first, first + (words[HEADER.typeLengthWord] >>> 2));
  }

  private index(first: number, end: number): Uint32Array {
    if (end > this.words.length) throw new Error('BTF is cut short');
    const starts = new Uint32Array(1 + Math.ceil((end - first) / TYPE_WORDS));
    for (const kind of [KIND.struct, KIND.typedef, KIND.func]) this.idsOfKind.set(kind, []);
    let id = 1;
    for (let at = first; at < end; id++) {
      const info = this.words[at + 1];
      const kind = (info >>> 24) & 0x1f;
      const shape = KINDS[kind];
      if (shape === undefined) throw new Error(`BTF has types of an unknown kind (${kind})`);
      starts[id] = at;
      this.idsOfKind.get(kind)?.push(id);
      at += TYPE_WORDS + shape.fixed + shape.each * (info & 0xffff);
    }
    return starts.subarray(0, id);
  }

  /** Type id by exact name; undefined if there is none. */
  idOf(kind: 'struct' | 'typedef' | 'func', name: string): number | undefined {
    const wanted = Buffer.from(`${name}\0`, 'latin1');
    return this.idsOfKind.get(KIND[kind])?.find((id) => this.isNamed(this.starts[id], wanted));
  }

  /** How many parameters the functions have that a typedef of a pointer to functions stands for; undefined if it stands for no such thing. */
  parametersOf(typedef: string): number | undefined {
    const id = this.idOf('typedef', typedef);
    const pointer = id === undefined ? undefined : this.resolve(id);
    if (pointer === undefined || this.kindOf(pointer) !== KIND.ptr) return undefined;
    const prototype = this.resolve(this.words[this.starts[pointer] + 2]);
    return this.kindOf(prototype) === KIND.prototype ? this.words[this.starts[prototype] + 1] & 0xffff : undefined;
  }

  /** Where `path` lies in a struct; a dot descends into a struct that is a member, and unnamed structs and unions are looked through. */
  member(struct: string, path: string): Member | undefined {
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
    return (this.words[this.starts[id] + 1] >>> 24) & 0x1f;
  }

  private resolve(id: number): number {
    let at = id;
    for (let depth = 0; SEE_THROUGH.has(this.kindOf(at)) && depth < MAX_DEPTH; depth++) {
      at = this.words[this.starts[at] + 2];
    }
    return at;
  }

  private find(id: number, name: Uint8Array, depth: number): Found | undefined {
    const struct = this.resolve(id);
    const kind = this.kindOf(struct);
    if ((kind !== KIND.struct && kind !== KIND.union) || depth > MAX_DEPTH) return undefined;
    const at = this.starts[struct];
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
    const at = this.starts[type];
    if (kind === KIND.ptr) return POINTER_BYTES;
    if (kind !== KIND.array) return this.words[at + 2];
    const each = depth > MAX_DEPTH ? undefined : this.sizeOf(this.words[at + TYPE_WORDS], depth + 1);
    return each === undefined ? undefined : each * this.words[at + TYPE_WORDS + 2];
  }
}
