/** A BTF file made type by type, written from the format's description and not from the reader. */

export class BtfBuilder {
  private readonly strings: number[] = [0];
  private readonly names = new Map<string, number>();
  private readonly types: number[][] = [];

  /** Each name is kept once, as by whoever makes the kernel's file. */
  private name(text: string): number {
    const known = text === '' ? 0 : this.names.get(text);
    if (known !== undefined) return known;
    const at = this.strings.length;
    this.names.set(text, at);
    this.strings.push(...Buffer.from(text, 'latin1'), 0);
    return at;
  }

  private type(name: string, kind: number, vlen: number, third: number, rest: number[] = [], flag = 0): number {
    const info = ((flag << 31) | (kind << 24) | vlen) >>> 0;
    this.types.push([this.name(name), info, third, ...rest]);
    return this.types.length;
  }

  int(name: string, bytes: number): number {
    return this.type(name, 1, 0, bytes, [bytes * 8]);
  }
  pointer(to: number): number {
    return this.type('', 2, 0, to);
  }
  array(of: number, index: number, count: number): number {
    return this.type('', 3, 0, 0, [of, index, count]);
  }
  /** Members as [name, type, offset in bits]; with `flag` the upper 8 bits of the offset are the width of a bit field. */
  struct(name: string, bytes: number, members: [string, number, number][], flag = 0): number {
    const rest = members.flatMap(([member, type, bits]) => [this.name(member), type, bits]);
    return this.type(name, 4, members.length, bytes, rest, flag);
  }
  union(name: string, bytes: number, members: [string, number, number][]): number {
    const rest = members.flatMap(([member, type, bits]) => [this.name(member), type, bits]);
    return this.type(name, 5, members.length, bytes, rest);
  }
  enumeration(name: string, values: [string, number][]): number {
    return this.type(
      name,
      6,
      values.length,
      4,
      values.flatMap(([value, number]) => [this.name(value), number]),
    );
  }
  forward(name: string): number {
    return this.type(name, 7, 0, 0);
  }
  typedef(name: string, to: number): number {
    return this.type(name, 8, 0, to);
  }
  volatile(to: number): number {
    return this.type('', 9, 0, to);
  }
  constant(to: number): number {
    return this.type('', 10, 0, to);
  }
  tagged(tag: string, to: number): number {
    return this.type(tag, 18, 0, to);
  }
  func(name: string, proto: number): number {
    return this.type(name, 12, 1, proto);
  }
  proto(returns: number, parameters: [string, number][]): number {
    return this.type(
      '',
      13,
      parameters.length,
      returns,
      parameters.flatMap(([parameter, type]) => [this.name(parameter), type]),
    );
  }
  /** A kind with a payload that must be stepped over. */
  declTag(name: string, to: number): number {
    return this.type(name, 17, 0, to, [0xffffffff]);
  }
  unknownKind(): number {
    return this.type('', 31, 0, 0);
  }

  build(): Uint8Array {
    const types = this.types.flat();
    const words = [0x0001eb9f, 24, 0, types.length * 4, types.length * 4, this.strings.length, ...types];
    const view = new DataView(new ArrayBuffer(words.length * 4));
    for (const [i, word] of words.entries()) view.setUint32(i * 4, word, true);
    return Buffer.concat([new Uint8Array(view.buffer), Uint8Array.from(this.strings)]);
  }
}
