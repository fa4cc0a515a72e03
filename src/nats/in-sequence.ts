/**
 * Several readers of one stream as one, in the order of the stream: for servers that take one filter for a reader. A reader that has more is
 * waited for; one that has come to the end of what there is is not, or nothing would come until it does.
 */
import type { Incoming } from './engine.ts';

export interface Reader {
  /** How many messages there were for it when it began. */
  readonly there: number;
  readonly messages: AsyncIterator<Incoming>;
}

interface Lane {
  readonly messages: AsyncIterator<Incoming>;
  head: Incoming | undefined;
  next: Promise<void> | undefined;
  isAtEnd: boolean;
  isDone: boolean;
}

function ask(lane: Lane): void {
  if (lane.head !== undefined || lane.next !== undefined || lane.isDone) return;
  lane.next = lane.messages.next().then(({ done, value }) => {
    lane.next = undefined;
    if (done) lane.isDone = true;
    else lane.head = value;
  });
}

const least = (lanes: readonly Lane[]): Lane | undefined =>
  lanes.reduce<Lane | undefined>((best, lane) => {
    if (lane.head === undefined) return best;
    return best?.head === undefined || lane.head.seq < best.head.seq ? lane : best;
  }, undefined);

export async function* inSequence(readers: readonly Reader[]): AsyncIterable<Incoming> {
  const lanes = readers.map(
    ({ there, messages }): Lane => ({
      messages,
      head: undefined,
      next: undefined,
      isAtEnd: there === 0,
      isDone: false,
    }),
  );
  try {
    for (;;) {
      for (const lane of lanes) ask(lane);
      const awaited = lanes.flatMap((lane) => (lane.head === undefined && !lane.isAtEnd ? (lane.next ?? []) : []));
      if (awaited.length > 0) {
        await Promise.all(awaited);
        continue;
      }
      const first = least(lanes);
      if (first?.head !== undefined) {
        const { head } = first;
        first.head = undefined;
        first.isAtEnd = head.pending === 0;
        yield head;
        continue;
      }
      const coming = lanes.flatMap(({ next }) => next ?? []);
      if (coming.length === 0) return;
      await Promise.race(coming);
    }
  } finally {
    await Promise.all(lanes.map(({ messages }) => messages.return?.()));
  }
}
