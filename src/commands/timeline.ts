/** `procwatch timeline`: draws what a recording holds, or says it in words. */
import { type ExitName, Failure } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { isProcessRecord, type StreamRecord } from '../process/record.ts';
import { Idle } from '../recording/idle.ts';
import { RecordedSource } from '../recording/record-source.ts';
import type { ReadRecord } from '../recording/row.ts';
import { UserNames } from '../recording/user-names.ts';
import { chooserOf } from '../timeline/chooser.ts';
import type { Drawing } from '../timeline/drawing.ts';
import { DEFAULT_FILE } from '../timeline/kinds.ts';
import type { RecordSource } from '../timeline/source.ts';
import { checkName, DrawnFile } from './drawn-file.ts';
import { withFar } from './far-input.ts';
import { readOptions, type ValuesOf, WATCH_OPTIONS } from './options.ts';
import { isWithin, type Window } from './points-in-time.ts';
import { openRecordings, windowFor } from './recordings.ts';
import { endOfReading, NO_USERS, revisionsFor, usersIn } from './replay.ts';
import { selectionFor } from './start-watch.ts';
import type { TIMELINE_OPTIONS } from './timeline-options.ts';

type TimelineOptions = ValuesOf<typeof TIMELINE_OPTIONS>;

async function drawingFrom(source: RecordSource, options: TimelineOptions, title: string): Promise<Drawing> {
  const { machinesOf, drawingOfRecording } = await import('../timeline/drawing.ts');
  const { numbers, names } = usersIn(options);
  const selection = await selectionFor(NO_USERS, {
    ...readOptions(WATCH_OPTIONS, {}),
    ...options,
    ...numbers,
    output: undefined,
  });
  const revise = await revisionsFor(options);
  const machines = machinesOf((boot) => {
    const users = new UserNames(selection.uid, names);
    const chooses = chooserOf({ ...selection, uid: users.choice });
    return {
      chooses: (record) => {
        const { uid } = record.image;
        users.learn(uid, uid === undefined ? undefined : source.userName(uid, boot));
        return chooses(record);
      },
      userName: (uid) => source.userName(uid, boot),
    };
  });
  const revised = (record: StreamRecord): StreamRecord =>
    isProcessRecord(record) ? revise.reduce((left, change) => change(left), record) : record;
  for await (const batch of source.batches) {
    for (const sourced of batch) machines.take({ ...sourced, record: revised(sourced.record) });
  }
  return drawingOfRecording(machines, title, source.facts(), (boot) => source.machineName(boot));
}

/** Only what the window shows, and of who was there already those of whom something is told in it. */
async function* within(batches: AsyncIterable<readonly ReadRecord[]>, window: Window) {
  const idle = new Idle();
  const isShown = (record: ReadRecord): boolean => record.event === 'alive' || isWithin(window, record.told.wall);
  for await (const batch of batches) yield [...idle.stir(batch.filter(isShown))];
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
  const request = await withFar(host, { ...options, read, follow: false }, options);
  const window = await windowFor(host, request);
  const { batches, recordings } = await openRecordings(host, request, window, { usage: 'with usage', isWhole: true });
  const passed = () => recordings.reduce((sum, { troubles }) => sum + troubles.passed, 0);
  const source = new RecordedSource(within(batches, window), passed);
  const drawing = await drawingFrom(source, options, read.map((path) => (path === '-' ? 'stdin' : path)).join(', '));
  if (drawing.processes === 0)
    throw new Failure(
      'usage',
      'there is no process in it',
      'a recording is made by procwatch watch --json --usage --output FILE',
    );
  if (text) host.stdout.write(drawing.text(host.stdout.size()?.width));
  const end = endOfReading(recordings, options.strict);
  if (text && output === undefined) return end;
  const file = new DrawnFile(host, output ?? DEFAULT_FILE);
  if (!(await file.draw(drawing))) return 'output';
  file.say(drawing);
  if (options.open) await file.show();
  return end;
}
