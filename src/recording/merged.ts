/** Several recordings as one: in the order of the wall clock, since each boot of each machine has a monotonic clock of its own. */
import { compareMoments, type Moment } from '../process/moment.ts';
import type { ReadRecord } from './row.ts';

type Batches = AsyncIterable<readonly ReadRecord[]>;

/** One of them, and what it has read and not given yet. */
class Lane {
  private readonly batches: AsyncIterator<readonly ReadRecord[]>;
  private batch: readonly ReadRecord[] = [];
  private at = 0;
  private isOver = false;

  constructor(batches: Batches) {
    this.batches = batches[Symbol.asyncIterator]();
  }

  async fill(): Promise<void> {
    if (this.isOver) return;
    const { value, done } = await this.batches.next();
    this.batch = done ? [] : value;
    this.isOver = done === true;
    this.at = 0;
  }

  async close(): Promise<void> {
    await this.batches.return?.();
  }

  /** Undefined at the end. */
  get next(): Moment | undefined {
    return this.batch[this.at]?.told.wall;
  }

  /** What is read of it that is no later than this: at least one record. */
  takeUntil(limit: Moment | undefined): readonly ReadRecord[] {
    const from = this.at++;
    while (
      this.at < this.batch.length &&
      (limit === undefined || compareMoments(this.batch[this.at].told.wall, limit) <= 0)
    ) {
      this.at++;
    }
    return this.batch.slice(from, this.at);
  }
}

const order = (a: Lane, b: Lane): number =>
  a.next === undefined || b.next === undefined ? 0 : compareMoments(a.next, b.next);

/** Each in its own order; none is read farther than it has to be. */
export async function* merged(all: readonly Batches[]): AsyncGenerator<readonly ReadRecord[], void> {
  const lanes = all.map((batches) => new Lane(batches));
  try {
    for (;;) {
      const empty = lanes.filter(({ next }) => next === undefined);
      if (empty.length > 0) await Promise.all(empty.map((lane) => lane.fill()));
      const [first, second] = lanes.filter(({ next }) => next !== undefined).sort(order);
      if (first === undefined) return;
      yield first.takeUntil(second?.next);
    }
  } finally {
    await Promise.all(lanes.map((lane) => lane.close()));
  }
}

/** As they come: of recordings that still grow nobody knows what comes first. */
export async function* asTheyCome(all: readonly Batches[]): AsyncGenerator<readonly ReadRecord[], void> {
  const running: Running = new Map(
    all.map((batches) => {
      const iterator = batches[Symbol.asyncIterator]();
      return [iterator, iterator.next()] as const;
    }),
  );
  try {
    yield* inTurn(running);
  } finally {
    // Who still waits for something closes when it has come, or will not come any more.
    for (const iterator of running.keys()) void iterator.return?.();
  }
}

type Running = Map<AsyncIterator<readonly ReadRecord[]>, Promise<IteratorResult<readonly ReadRecord[]>>>;

async function* inTurn(running: Running): AsyncGenerator<readonly ReadRecord[], void> {
  while (running.size > 0) {
    const { iterator, result } = await Promise.race(
      [...running].map(async ([iterator, next]) => ({ iterator, result: await next })),
    );
    if (result.done) running.delete(iterator);
    else {
      running.set(iterator, iterator.next());
      yield result.value;
    }
  }
}
