/** `procwatch ps --read --at`: the processes there were at a moment of a recording. */
import { type ExitName, Failure } from '../errors.ts';
import { utcTime } from '../format/times.ts';
import type { Host } from '../host/host.ts';
import { compareMoments, type Moment, minus } from '../process/moment.ts';
import { toMillisecond } from '../ps/dump-clocks.ts';
import type { TaskContext } from '../ps/fields.ts';
import { planPs } from '../ps/plan.ts';
import { discreetReader } from '../ps/redact.ts';
import { snapshot } from '../ps/snapshot.ts';
import { RecordedTasks } from '../recording/recorded-tasks.ts';
import { UserNames } from '../recording/user-names.ts';
import { withFar } from './far-input.ts';
import { readOptions, type ValuesOf, WATCH_OPTIONS } from './options.ts';
import { onUnwritten, openOutput } from './output.ts';
import { colourFor } from './plan.ts';
import { render } from './ps.ts';
import type { PS_OPTIONS } from './ps-options.ts';
import { openRecordings, windowFor } from './recordings.ts';
import { endOfReading, NO_USERS, usersIn } from './replay.ts';
import { redactorFor, selectionFor } from './start-watch.ts';

type PsOptions = ValuesOf<typeof PS_OPTIONS>;

/** Everything up to the moment; all of it, and the time of its last record, where none is given. */
async function readUntil(host: Host, options: PsOptions, tasks: RecordedTasks) {
  const { read, at } = options;
  const plain = { read, since: undefined, until: at, follow: false };
  const request = await withFar(host, plain, options, { mixesHosts: false });
  const window = await windowFor(host, request);
  const { batches, recordings } = await openRecordings(host, request, window, {
    usage: 'without usage',
    isWhole: true,
  });
  const { until } = window;
  let first: Moment | undefined;
  let last: Moment | undefined;
  for await (const batch of batches) {
    for (const record of batch) {
      first ??= record.told.wall;
      if (until !== undefined && compareMoments(record.told.wall, until) > 0) continue;
      tasks.take(record);
      last = record.told.wall;
    }
  }
  if (first === undefined) throw new Failure('usage', 'there is nothing in this recording');
  const moment = until ?? last;
  if (last === undefined || moment === undefined) {
    throw new Failure('usage', `the recording begins later, at ${utcTime(first)}`);
  }
  return { moment, recordings };
}

export async function runRecordedPs(host: Host, options: PsOptions): Promise<ExitName> {
  const { format: _, columns: __, show: ___, source: ____, ...shared } = options;
  const { numbers, names } = usersIn(options);
  const asked = { ...readOptions(WATCH_OPTIONS, {}), ...shared, ...numbers };
  const selection = await selectionFor(NO_USERS, { ...asked, read: options.read });
  const isTerminal = options.output === undefined && host.stdout.isTerminal;
  const users = new UserNames(selection.uid, names);
  const plan = planPs(options, { ...selection, uid: users.choice }, isTerminal);
  const reader = new RecordedTasks(users);
  const { moment, recordings } = await readUntil(host, options, reader);
  const tasks = snapshot(
    plan,
    { ...selection, uid: users.choice },
    {
      dump: undefined,
      reader: discreetReader(reader, await redactorFor(options.redact)),
    },
  );
  const missing = plan.named.filter((pid) => !reader.exists(pid));
  const context: TaskContext = {
    nowTicks: reader.ticksAt(moment),
    wallOffset: toMillisecond(minus(reader.wallOffset, reader.bootOffset)),
    userName: (uid) => users.nameOf(uid),
  };
  const output = options.output === undefined ? host.stdout : openOutput(host, options.output);
  let isWritten = true;
  onUnwritten(host, output, (as) => {
    if (as === 'output') isWritten = false;
  });
  const width = isTerminal ? host.stdout.size()?.width : undefined;
  output.write(render(plan, tasks, context, colourFor(options.color, { env: host.env, isTerminal }), width));
  await output.flushed();
  if (!isWritten) return 'output';
  for (const pid of missing) host.stderr.write(`procwatch: there was no process ${pid}\n`);
  return missing.length > 0 ? 'notFound' : endOfReading(recordings, options.strict);
}
