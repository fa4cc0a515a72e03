/** `procwatch ps --read --at`: the processes there were at a moment of a recording. */
import { type ExitName, Failure } from '../errors.ts';
import { utcTime } from '../format/times.ts';
import type { Host } from '../host/host.ts';
import { compareMoments, type Moment, minus } from '../process/moment.ts';
import { toMillisecond } from '../ps/dump-clocks.ts';
import { type TaskContext, taskField } from '../ps/fields.ts';
import { type PsPlan, planPs } from '../ps/plan.ts';
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
import { hostsIn, openRecordings, windowFor } from './recordings.ts';
import { endOfReading, NO_USERS, usersIn } from './replay.ts';
import { redactorFor, selectionFor } from './start-watch.ts';

type PsOptions = ValuesOf<typeof PS_OPTIONS>;

/** Everything up to the moment; all of it, and the time of its last record, where none is given. */
async function readUntil(host: Host, options: PsOptions, newUsers: () => UserNames) {
  const { read, at } = options;
  const plain = { read, since: undefined, until: at, follow: false };
  const request = await withFar(host, plain, options);
  const hosts = await hostsIn(host, request);
  const tasks = new RecordedTasks(newUsers, hosts);
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
  return { moment, recordings, tasks, areMany: hosts.areMany };
}

/** The machine stands first; as JSON it is a member like any other. */
function withHosts(plan: PsPlan): PsPlan {
  const { fields, format } = plan;
  return format === 'json' ? plan : { ...plan, fields: [taskField('host'), ...fields] };
}

export async function runRecordedPs(host: Host, options: PsOptions): Promise<ExitName> {
  const { format: _, columns: __, show: ___, source: ____, ...shared } = options;
  const { numbers, names } = usersIn(options);
  const wanted = { ...readOptions(WATCH_OPTIONS, {}), ...shared, ...numbers };
  const selection = await selectionFor(NO_USERS, { ...wanted, read: options.read });
  const isTerminal = options.output === undefined && host.stdout.isTerminal;
  const newUsers = (): UserNames => new UserNames(selection.uid, names);
  const asked = planPs(options, { ...selection, uid: newUsers().choice }, isTerminal);
  const { moment, recordings, tasks: recorded, areMany } = await readUntil(host, options, newUsers);
  const plan = areMany && options.columns === undefined ? withHosts(asked) : asked;
  const { machines, clocks } = recorded;
  const redact = await redactorFor(options.redact);
  // Each machine by itself: numbers of processes mean nothing beyond.
  const tasks = machines.flatMap((machine) =>
    snapshot(
      plan,
      { ...selection, uid: machine.users.choice },
      { dump: undefined, reader: discreetReader(machine, redact) },
    ),
  );
  const missing = plan.named.filter((pid) => !machines.some((machine) => machine.exists(pid)));
  const usersOn = new Map(machines.map(({ host: name, users }) => [name, users]));
  const context: TaskContext = {
    nowTicks: recorded.ticksAt(moment),
    wallOffset: toMillisecond(minus(clocks.wallOffset, clocks.bootOffset)),
    userName: (uid, on) => usersOn.get(on)?.nameOf(uid),
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
