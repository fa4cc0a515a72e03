/**
 * What is wrong with a recording: foreign input is never believed, and never a reason to stop. Each kind of trouble is told once, with the
 * line where it was met first, and counted; the count is told at the end.
 */
import { escapeText } from '../format/escape.ts';

/** What becomes of a line by it: a line that is passed over is missing in what is shown. */
const KINDS = {
  'no record': { words: 'is no record', many: 'are no records', passed: true },
  'too long': { words: 'is longer than 16 MiB', many: 'are longer than 16 MiB', passed: true },
  'cut off': { words: 'is cut off', many: 'are cut off', passed: true },
  zeros: { words: 'has zero bytes before it', many: 'have zero bytes before them', passed: false },
  newer: {
    words: 'is of a newer version of the format: what is not known of it is not shown',
    many: 'are of a newer version',
    passed: false,
  },
  'unknown kind': {
    words: 'is of a kind that this procwatch does not know',
    many: 'are of kinds that this procwatch does not know',
    passed: true,
  },
  backwards: { words: 'is older than the one before it', many: 'are older than those before them', passed: false },
} as const satisfies Record<string, { words: string; many: string; passed: boolean }>;

export type TroubleKind = keyof typeof KINDS;

export class Troubles {
  private readonly name: string;
  private readonly tell: (line: string) => void;
  private readonly counts = new Map<TroubleKind, number>();
  private whole: string | undefined;

  /** @param tell gets lines for stderr, each of them whole */
  constructor(name: string, tell: (line: string) => void) {
    this.name = escapeText(name);
    this.tell = tell;
  }

  met(kind: TroubleKind, line: number): void {
    const count = this.counts.get(kind) ?? 0;
    this.counts.set(kind, count + 1);
    const { words, passed } = KINDS[kind];
    if (count === 0)
      this.tell(`procwatch: ${this.name}: line ${line} ${words}${passed ? ', and was passed over' : ''}\n`);
  }

  /** What is wrong with all of it, such as a compressed file that ends too early. */
  cut(words: string): void {
    this.whole = words;
    this.tell(`procwatch: ${this.name}: ${words}\n`);
  }

  /** Lines that are not among the records. */
  get passed(): number {
    let sum = 0;
    for (const [kind, count] of this.counts) if (KINDS[kind].passed) sum += count;
    return sum;
  }

  /** Nothing was missing, and nothing was odd. */
  get isNone(): boolean {
    return this.counts.size === 0 && this.whole === undefined;
  }

  /** To be called once all was read. */
  sum(): void {
    for (const [kind, count] of this.counts) {
      if (count > 1) this.tell(`procwatch: ${this.name}: ${count.toLocaleString('en-US')} lines ${KINDS[kind].many}\n`);
    }
  }
}
