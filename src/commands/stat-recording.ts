/** `procwatch stat --read`: the table of a recording. */
import type { ExitName } from '../errors.ts';
import type { Host } from '../host/host.ts';
import type { Moment } from '../process/moment.ts';
import { Replay } from '../recording/replay.ts';
import type { ReadRecord } from '../recording/row.ts';
import { Census } from '../stat/census.ts';
import { asJson, asTable } from '../stat/final-report.ts';
import { GROUPINGS } from '../stat/grouping.ts';
import { foreignName, shownName } from '../stat/row-names.ts';
import { withFar } from './far-input.ts';
import { readOptions, type ValuesOf, WATCH_OPTIONS } from './options.ts';
import { onUnwritten, openOutput } from './output.ts';
import type { Plan } from './plan.ts';
import { openRecordings, windowFor } from './recordings.ts';
import { endOfReading, NO_USERS, recordsShown, usersIn } from './replay.ts';
import { selectionFor } from './start-watch.ts';
import type { STAT_OPTIONS } from './stat-options.ts';

type StatOptions = ValuesOf<typeof STAT_OPTIONS>;

/** From the first record to the last, on the wall clock. */
interface Span {
  from: Moment | undefined;
  to: Moment | undefined;
}

const refusedIn = (record: ReadRecord): number =>
  record.event === 'end' && typeof record.facts.refused === 'number' ? record.facts.refused : 0;

async function count(host: Host, options: StatOptions, plan: Plan, replay: Replay) {
  const request = await withFar(host, { ...options, follow: false }, options, { mixesHosts: false });
  const window = await windowFor(host, request);
  const usage = options.usage ? 'with usage' : 'without usage';
  const { batches, recordings } = await openRecordings(host, request, window, {
    usage,
    isWhole: replay.needsFamily,
  });
  const span: Span = { from: undefined, to: undefined };
  let census: Census | undefined;
  let refused = 0;
  const shows = recordsShown(plan);
  for await (const batch of batches) {
    for (const record of replay.take(batch)) {
      refused += refusedIn(record);
      if ('pid' in record && !shows(record)) continue;
      span.from ??= record.told.wall;
      span.to = record.told.wall;
      census ??= new Census(GROUPINGS[options.by], span.from);
      census.take([record]);
    }
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
  const request = await withFar(host, { ...options, follow: false }, options, { mixesHosts: false });
  const window = await windowFor(host, request);
  const replay = new Replay({ selection, users: names, shows: recordsShown(plan), ...window, wantsAncestry: false });
  const { census, span, refused, recordings } = await count(host, options, plan, replay);
  const now = span.to ?? { seconds: 0, nanos: 0 };
  const counted = census ?? new Census(GROUPINGS[by], now);
  const rows = counted.rows(now, 'average');
  const total = counted.total(now, 'average');
  const report = { by, sort, withUsage, rows, total, losses: counted.losses, refused };
  const userName = (uid: number) => replay.userName(uid);
  const text = json
    ? asJson(report, (row) => foreignName(row, GROUPINGS[by], userName))
    : asTable(report, (row) => shownName(row, GROUPINGS[by], userName));
  const output = options.output === undefined ? host.stdout : openOutput(host, options.output);
  let isWritten = true;
  onUnwritten(host, output, (as) => {
    if (as === 'output') isWritten = false;
  });
  output.write(text);
  await output.flushed();
  if (!isWritten) return 'output';
  const { counted: lost, uncounted } = counted.losses;
  if (options.failOnLoss && (uncounted || Object.keys(lost).length > 0)) return 'loss';
  return endOfReading(recordings, options.strict);
}
