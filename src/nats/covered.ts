/**
 * Which records of one stream and subject were seen: ranges of numbers, (above, upto]. A message that is sent again may be cut differently, and
 * may come after others that were sent later; its ranges say what is new in it. In the ordinary case there is one range that grows.
 */
interface Range {
  above: number;
  upto: number;
}

/** Gaps close as soon as what is missing is sent again; so many open ones are none any more. */
const MOST_RANGES = 32;

export class Covered {
  /** Apart from each other, in order. */
  private readonly ranges: Range[] = [];

  static from(pairs: readonly (readonly [number, number])[]): Covered {
    const covered = new Covered();
    for (const [above, upto] of pairs) covered.add(above, upto);
    return covered;
  }

  toJSON(): [number, number][] {
    return this.ranges.map(({ above, upto }) => [above, upto]);
  }

  has(seq: number): boolean {
    return this.ranges.some(({ above, upto }) => seq > above && seq <= upto);
  }

  add(above: number, upto: number): void {
    const touching = this.ranges.filter((range) => range.above <= upto && range.upto >= above);
    const whole = touching.reduce(
      (joined, range) => ({ above: Math.min(joined.above, range.above), upto: Math.max(joined.upto, range.upto) }),
      { above, upto },
    );
    const apart = this.ranges.filter((range) => !touching.includes(range));
    const at = apart.findIndex((range) => range.above > whole.above);
    apart.splice(at < 0 ? apart.length : at, 0, whole);
    if (apart.length > MOST_RANGES) {
      const [first, second] = apart;
      apart.splice(0, 2, { above: first.above, upto: second.upto });
    }
    this.ranges.splice(0, this.ranges.length, ...apart);
  }
}

/** So many streams are kept in mind, those that were heard of last. */
const MOST_STREAMS = 200_000;

export class Seen {
  private readonly streams = new Map<string, Covered>();

  /** What is known of a stream's subject, to be asked and told. */
  of(key: string): Covered {
    const known = this.streams.get(key);
    const covered = known ?? new Covered();
    this.streams.delete(key);
    this.streams.set(key, covered);
    if (known === undefined && this.streams.size > MOST_STREAMS) {
      const [oldest] = this.streams.keys();
      this.streams.delete(oldest);
    }
    return covered;
  }
}
