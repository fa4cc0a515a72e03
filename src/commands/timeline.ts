/** `procwatch timeline`: draws what a recording holds, or says it in words. */
import { type ExitName, Failure } from '../errors.ts';
import type { Host, Kernel } from '../host/host.ts';
import { isNatsAddress } from '../nats/address.ts';
import { isProcessRecord, type StreamRecord } from '../process/record.ts';
import { chooserOf } from '../timeline/chooser.ts';
import type { Drawing } from '../timeline/drawing.ts';
import { JsonLines } from '../timeline/from-json-lines.ts';
import { DEFAULT_FILE } from '../timeline/kinds.ts';
import type { RecordSource, Revise } from '../timeline/source.ts';
import { withoutArguments, withRedactedArguments } from '../timeline/without-secrets.ts';
import { checkName, DrawnFile } from './drawn-file.ts';
import { readOptions, type ValuesOf, WATCH_OPTIONS } from './options.ts';
import { redactorFor, selectionFor } from './start-watch.ts';
import type { TIMELINE_OPTIONS } from './timeline-options.ts';

type TimelineOptions = ValuesOf<typeof TIMELINE_OPTIONS>;

/** Users are asked for only by who selects by them. */
const usersOf = (host: Host): Pick<Kernel, 'users'> => ({
  users: {
    name: () => undefined,
    account: async (name) => (await host.snapshotKernel()).users.account(name),
  },
});

async function revisions({ noArgs, redact }: TimelineOptions): Promise<Revise[]> {
  const redactor = await redactorFor(redact);
  return [
    ...(noArgs ? [withoutArguments()] : []),
    ...(redactor === undefined ? [] : [withRedactedArguments(redactor)]),
  ];
}

async function drawingFrom(
  host: Host,
  source: RecordSource,
  options: TimelineOptions,
  title: string,
): Promise<Drawing> {
  const { collectorOf, drawingOfRecording } = await import('../timeline/drawing.ts');
  const selection = await selectionFor(usersOf(host), {
    ...readOptions(WATCH_OPTIONS, {}),
    ...options,
    output: undefined,
  });
  const revise = await revisions(options);
  const collector = collectorOf({ chooses: chooserOf(selection), userName: (uid) => source.userName(uid) });
  const revised = (record: StreamRecord): StreamRecord =>
    isProcessRecord(record) ? revise.reduce((left, change) => change(left), record) : record;
  for await (const records of source.batches) collector.take(revise.length === 0 ? records : records.map(revised));
  return drawingOfRecording(collector, title, source.facts());
}

/** Opened when its turn has come. */
async function* inputOf(host: Host, path: string, options: TimelineOptions): AsyncIterable<Uint8Array> {
  if (isNatsAddress(path)) {
    const { farRecording } = await import('./far-input.ts');
    yield* farRecording(host, path, options);
    return;
  }
  try {
    yield* host.input(path);
  } catch (error) {
    throw new Failure('usage', `cannot read ${path}: ${(error as Error).message}`);
  }
}

function tellRefused(host: Host, count: number): void {
  if (count === 0) return;
  const lines =
    count === 1 ? '1 line is no record, and was' : `${count.toLocaleString('en-US')} lines are no records, and were`;
  host.stderr.write(`procwatch: ${lines} passed over\n`);
}

export async function startTimeline(
  host: Host,
  options: TimelineOptions,
  operands: readonly string[],
): Promise<ExitName> {
  const { text, output } = options;
  const read = [...options.read, ...operands];
  if (read.length === 0)
    throw new Failure('usage', 'no recording to draw', 'procwatch timeline [options] RECORDING...');
  if (output !== undefined) checkName('--output', output);
  if (text && options.open && output === undefined) {
    throw new Failure('usage', '--text draws no file that --open could show', 'add --output FILE');
  }
  const source = new JsonLines(read.map((path) => inputOf(host, path, options)));
  const drawing = await drawingFrom(
    host,
    source,
    options,
    read.map((path) => (path === '-' ? 'stdin' : path)).join(', '),
  );
  tellRefused(host, source.refused);
  if (drawing.processes === 0)
    throw new Failure(
      'usage',
      'there is no process in it',
      'a recording is made by procwatch watch --json --usage --output FILE',
    );
  if (text) host.stdout.write(drawing.text(host.stdout.size()?.width));
  if (text && output === undefined) return 'ok';
  const file = new DrawnFile(host, output ?? DEFAULT_FILE);
  if (!(await file.draw(drawing))) return 'output';
  file.say(drawing);
  if (options.open) await file.open();
  return 'ok';
}
