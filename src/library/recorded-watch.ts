/** A watch for programs whose source is a recording: the same request, the same records, read as fast as they are asked for. */
import { readOptions, refuseOtherSource, type Typed, WATCH_OPTIONS } from '../commands/options.ts';
import { planWatch } from '../commands/plan.ts';
import { openRecordings, windowFor } from '../commands/recordings.ts';
import { replayFor, wantedOf } from '../commands/replay.ts';
import { objectOf } from '../format/json-object.ts';
import type { JsonRecord } from '../format/json-records.ts';
import type { Host } from '../host/host.ts';
import type { ReadRecord } from '../recording/row.ts';
import type { Watch, WatchRequest } from './watch-request.ts';

type ReadHost = Pick<Host, 'fileSystem' | 'input' | 'after'>;

/** What is wrong with a recording is told by its records: nobody's stderr is written to. */
const SILENT = { write() {} };

/** Members that we do not know are members all the same. */
function withOthers(record: JsonRecord, { told }: ReadRecord): JsonRecord {
  return told.others === '' ? record : { ...record, ...JSON.parse(`{${told.others.slice(1)}}`) };
}

export class RecordedWatch implements Watch {
  readonly started = Promise.resolve();
  private readonly records: AsyncGenerator<JsonRecord, undefined>;
  private readonly leash = { isOver: false };

  /** Throws a Failure for a request that makes no sense. */
  constructor(request: WatchRequest, typed: Typed, host: ReadHost) {
    refuseOtherSource(WATCH_OPTIONS, typed);
    const options = readOptions(WATCH_OPTIONS, typed);
    const plan = planWatch(options, { env: {}, isTerminal: false });
    this.records = this.read(host, options, plan);
    const stop = (): void => {
      this.leash.isOver = true;
    };
    request.signal?.addEventListener('abort', stop, { once: true });
    if (request.signal?.aborted) stop();
  }

  private async *read(
    host: ReadHost,
    options: ReturnType<typeof readOptions<typeof WATCH_OPTIONS>>,
    plan: ReturnType<typeof planWatch>,
  ): AsyncGenerator<JsonRecord, undefined> {
    const reading = { ...host, stderr: SILENT as unknown as Host['stderr'] };
    const window = await windowFor(reading, options);
    const replay = await replayFor(options, plan, window);
    const { batches } = await openRecordings(reading, options, window, wantedOf(plan, replay), this.leash);
    const context = replay.context(plan.extras);
    let sequence = 0;
    for await (const batch of batches) {
      for (const record of replay.take(batch)) {
        if (this.leash.isOver) return undefined;
        if (record.event === 'start' || record.event === 'end') continue;
        replay.turnTo(record);
        yield withOthers(objectOf(record, ++sequence, context), record);
      }
    }
    return undefined;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<JsonRecord, undefined>> {
    return this.records.next();
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.leash.isOver = true;
    await this.records.return(undefined);
    return { done: true, value: undefined };
  }
}
