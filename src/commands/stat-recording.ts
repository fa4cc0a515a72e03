/** `procwatch stat --read`: the table of a recording. */
import type { ExitName } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { compareMoments, type Moment } from '../process/moment.ts';
import { Replay } from '../recording/replay.ts';
import type { ReadProcessRecord, ReadRecord } from '../recording/row.ts';
import { Census } from '../stat/census.ts';
import { asJson, asTable } from '../stat/final-report.ts';
import { GROUPINGS, type Grouping } from '../stat/grouping.ts';
import { foreignName, shownName } from '../stat/row-names.ts';
import { withFar } from './far-input.ts';
import { readOptions, type ValuesOf, WATCH_OPTIONS } from './options.ts';
import { openOutput } from './output.ts';
import type { Plan } from './plan.ts';
import type { Window } from './points-in-time.ts';
import { hostsIn, openRecordings, type ReadRequest, windowFor } from './recordings.ts';
import { endOfReading, NO_USERS, Reader, recordsShown, revisionsFor, usersIn } from './replay.ts';
import { selectionFor } from './start-watch.ts';
import type { STAT_OPTIONS } from './stat-options.ts';

type StatOptions = ValuesOf<typeof STAT_OPTIONS>;

/** From the first record to the last, on the wall clock; clocks of machines differ. */
interface Span {
  from: Moment | undefined;
  to: Moment | undefined;
}

const later = (a: Moment | undefined, b: Moment): Moment => (a === undefined || compareMoments(a, b) < 0 ? b : a);

const refusedIn = (record: ReadRecord): number =>
  record.event === 'end' && typeof record.facts.refused === 'number' ? record.facts.refused : 0;

/** A number is another user on each machine: of several, users are counted by their names. */
function groupingFor(by: StatOptions['by'], areMany: boolean): Grouping {
  const grouping: Grouping = GROUPINGS[by];
  if (!grouping.isUser || !areMany) return grouping;
  const { isUser: _, nameOf, ...others } = grouping;
  return {
    ...others,
    nameOf: (record, host) =>
      ('told' in record ? (record as ReadProcessRecord).told.user : undefined) ?? nameOf(record, host),
  };
}

interface Asked {
  readonly request: ReadRequest;
  readonly window: Window;
  readonly grouping: Grouping;
}

async function count(
  host: Host,
  options: StatOptions,
  { request, window, grouping }: Asked,
  replay: Replay,
  reader: Reader,
) {
  const usage = options.usage ? 'with usage' : 'without usage';
  const interest = { usage, isWhole: replay.needsFamily } as const;
  const { batches, recordings } = await openRecordings(host, request, window, interest, reader);
  const span: Span = { from: undefined, to: undefined };
  let census: Census | undefined;
  let refused = 0;
  for await (const batch of batches) {
    for (const record of replay.take(batch)) {
      refused += refusedIn(record);
      span.from ??= record.told.wall;
      span.to = later(span.to, record.told.wall);
      census ??= new Census(grouping, span.from);
      census.take([record], record.told.host);
    }
    if (reader.isOver) break;
  }
  return { census, span, refused, recordings };
}

export async function startRecordedStat(host: Host, options: StatOptions, plan: Plan): Promise<ExitName> {
  const { by, json, sort, usage: withUsage } = options;
  const { numbers, names } = usersIn(options);
  const selection = await selectionFor(NO_USERS, {
    ...readOptions(WATCH_OPTIONS, {}),
    ...options,
    ...numbers,
    json: false,
  });
  const hears = options.tree.length + options.notTree.length === 0 ? plan.events : undefined;
  const request = await withFar(host, options, options, hears);
  const window = await windowFor(host, request);
  const revise = await revisionsFor({ noArgs: false, redact: options.redact });
  const shows = recordsShown(plan);
  const hosts = await hostsIn(host, request);
  const grouping = groupingFor(by, hosts.areMany);
  const replay = new Replay({ selection, users: names, shows, ...window, wantsAncestry: false, revise });
  const output = options.output === undefined ? host.stdout : openOutput(host, options.output);
  const reader = new Reader(host, output);
  const { census, span, refused, recordings } = await count(
    host,
    options,
    { request, window, grouping },
    replay,
    reader,
  );
  const now = span.to ?? { seconds: 0, nanos: 0 };
  const counted = census ?? new Census(grouping, now);
  const rows = counted.rows(now, 'average');
  const total = counted.total(now, 'average');
  const report = { by, sort, withUsage, rows, total, losses: counted.losses, refused };
  const userName = (uid: number) => replay.userName(uid);
  const text = json
    ? asJson(report, (row) => foreignName(row, grouping, userName))
    : asTable(report, (row) => shownName(row, grouping, userName));
  output.write(text);
  await output.flushed();
  reader.release();
  if (reader.ending !== undefined && reader.ending !== 'ok') return reader.ending;
  const { counted: lost, uncounted } = counted.losses;
  if (options.failOnLoss && (uncounted || Object.keys(lost).length > 0)) return 'loss';
  return endOfReading(recordings, options.strict);
}
