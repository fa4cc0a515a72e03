/** `procwatch stat`: who keeps forking and what it costs, live on a terminal, or as one table at the end. */
import { EXIT, type ExitName, Failure } from '../errors.ts';
import type { Host, Kernel, OutputStream } from '../host/host.ts';
import { Monitor } from '../pipeline/monitor.ts';
import { secondsBetween } from '../process/moment.ts';
import { Census } from '../stat/census.ts';
import { COLUMNS } from '../stat/columns.ts';
import { asJson, asTable } from '../stat/final-report.ts';
import type { Row } from '../stat/group.ts';
import { GROUPINGS, type Grouping } from '../stat/grouping.ts';
import { Live } from '../stat/live.ts';
import { picture } from '../stat/picture.ts';
import { foreignName, shownName, type UserName } from '../stat/row-names.ts';
import { birthsIn, loadIn } from '../stat/system.ts';
import { openEars } from './ears.ts';
import { useCauses, useFacts } from './facts.ts';
import { delivered } from './last-words.ts';
import { type Meant, meantBy } from './meant.ts';
import { readOptions, type ValuesOf, WATCH_OPTIONS } from './options.ts';
import { onUnwritten, openOutput } from './output.ts';
import { type Plan, planWatch } from './plan.ts';
import { redactorFor, selectionFor } from './start-watch.ts';
import type { STAT_OPTIONS } from './stat-options.ts';
import { openUsage } from './usage.ts';
import { monitorOptions } from './watch.ts';

type StatOptions = ValuesOf<typeof STAT_OPTIONS>;
type Ending = Extract<ExitName, 'ok' | 'output' | 'terminated' | 'hangup'>;

const INTERVAL_MS = 10_000;

/** A person looks at it, and nothing was said that wants an end. */
function isLive(host: Host, { once, json, duration, output }: StatOptions): boolean {
  const isPlain = once || json || duration !== undefined || output !== undefined;
  return !isPlain && host.stdout.isTerminal && host.env.TERM !== 'dumb';
}

/** Births of the whole machine a second, since they were last asked for. */
class Machine {
  private readonly host: Host;
  private before: { readonly births: number; readonly at: ReturnType<Host['now']> } | undefined;

  constructor(host: Host) {
    this.host = host;
    this.birthsPerSecond();
  }

  private read(path: string): string {
    try {
      return this.host.readFile(path);
    } catch {
      return '';
    }
  }

  birthsPerSecond(): number | undefined {
    const births = birthsIn(this.read('/proc/stat'));
    const { before } = this;
    if (births === undefined) return undefined;
    this.before = { births, at: this.host.now() };
    const seconds = before === undefined ? 0 : secondsBetween(before.at, this.before.at);
    return before === undefined || seconds <= 0 ? undefined : (births - before.births) / seconds;
  }

  load(): string | undefined {
    return loadIn(this.read('/proc/loadavg'));
  }
}

class Stat {
  private readonly host: Host;
  private readonly options: StatOptions;
  private readonly plan: Plan;
  private readonly monitor: Monitor;
  private readonly grouping: Grouping;
  private readonly userName: UserName;
  private readonly census: Census;
  private readonly machine: Machine;
  private sort: string;

  constructor(host: Host, kernel: Kernel, options: StatOptions, plan: Plan, monitor: Monitor) {
    this.host = host;
    this.options = options;
    this.plan = plan;
    this.monitor = monitor;
    this.grouping = GROUPINGS[options.by];
    this.userName = (uid) => kernel.users.name(uid);
    this.census = new Census(this.grouping, host.now());
    this.machine = new Machine(host);
    this.sort = options.sort;
  }

  /** @param meant whose end is the end, if anybody's is */
  start(meant: Meant | undefined): void {
    this.monitor.start((records) => {
      this.census.take(meant?.filter(records) ?? records);
      meant?.look();
    });
    meant?.start();
  }

  private get refused(): number {
    return Object.values(this.monitor.refused).reduce((a, b) => a + b, 0);
  }

  get hasLost(): boolean {
    const { counted, uncounted } = this.census.losses;
    return uncounted || Object.keys(counted).length > 0;
  }

  /** The picture until somebody quits, or a signal comes. */
  live(onQuit: () => void): Live {
    return new Live(this.host, {
      draw: (window) => picture(this.scene(), window),
      onKey: (key) => {
        this.sort = COLUMNS.find((column) => column.key === key)?.name ?? this.sort;
      },
      onQuit,
    });
  }

  private scene() {
    const now = this.host.now();
    const { by } = this.options;
    return {
      by,
      sort: this.sort,
      withUsage: this.options.usage,
      colour: this.plan.colour,
      elapsedSeconds: this.census.elapsedSeconds(now),
      rows: this.census.rows(now, 'now'),
      total: this.census.total(now, 'now'),
      losses: this.census.losses,
      refused: this.refused,
      birthsPerSecond: this.machine.birthsPerSecond(),
      load: this.machine.load(),
      nameOf: (row: Row) => shownName(row, this.grouping, this.userName),
    };
  }

  report(): string {
    const now = this.host.now();
    const { by, json, usage: withUsage } = this.options;
    const rows = this.census.rows(now, 'average');
    const total = this.census.total(now, 'average');
    const { losses } = this.census;
    const report = { by, sort: this.sort, withUsage, rows, total, losses, refused: this.refused };
    return json
      ? asJson(report, (row) => foreignName(row, this.grouping, this.userName))
      : asTable(report, (row) => shownName(row, this.grouping, this.userName));
  }
}

/** As watch does: a second Ctrl-C does not wait. */
function listenForEnd(host: Host, finish: (ending: Ending) => void): { cancel(): void }[] {
  let interrupts = 0;
  return [
    host.onSignal('SIGINT', () => (++interrupts > 1 ? host.abort(EXIT.interrupted.code) : finish('ok'))),
    host.onSignal('SIGTERM', () => finish('terminated')),
    host.onSignal('SIGHUP', () => finish('hangup')),
  ];
}

function planStat(host: Host, options: StatOptions): Plan {
  const { by: _, once: __, sort: ___, ...shared } = options;
  const place = { env: host.env, isTerminal: options.output === undefined && host.stdout.isTerminal };
  const plan = planWatch({ ...readOptions(WATCH_OPTIONS, {}), ...shared, json: false }, place);
  const { needsCgroup, needsCauses }: Grouping = GROUPINGS[options.by];
  // A picture of numbers shows no cause unasked.
  const explains = needsCauses || plan.explains === 'needed' ? 'needed' : 'unwanted';
  return { ...plan, explains, needsCgroup: plan.needsCgroup || needsCgroup };
}

export async function startStat(host: Host, options: StatOptions): Promise<ExitName> {
  const plan = planStat(host, options);
  if (options.read.length > 0) return (await import('./stat-recording.ts')).startRecordedStat(host, options, plan);
  const { ofRecordings }: Grouping = GROUPINGS[options.by];
  if (ofRecordings) {
    const why = `--by ${options.by}: what happens here is of one machine`;
    throw new Failure('usage', why, 'several are told of by recordings: add --read FILE, or --read nats://HOST');
  }
  const kernel = await host.kernel();
  const selection = await selectionFor(kernel, { ...readOptions(WATCH_OPTIONS, {}), ...options, json: false });
  const usage = await openUsage(host, kernel, { wanted: options.usage, onlyFailures: plan.hearing.onlyFailures });
  const redact = await redactorFor(options.redact);
  const stream = await openEars(host, kernel, plan);
  const wishes = { ...monitorOptions(plan, selection), stream, redact, ...(usage && { usage }) };
  const monitor = new Monitor(host, kernel, wishes);
  let output: OutputStream;
  try {
    output = options.output === undefined ? host.stdout : openOutput(host, options.output);
  } catch (error) {
    monitor.stop();
    throw error;
  }
  let finish: (ending: Ending) => void = () => {};
  const ended = new Promise<Ending>((resolve) => {
    finish = resolve;
  });
  let isWritten = true;
  onUnwritten(host, output, (as) => {
    if (as === 'output') isWritten = false;
    finish(as);
  });
  const listeners = listenForEnd(host, finish);
  const stat = new Stat(host, kernel, options, plan, monitor);
  const meant = meantBy(plan.meant, { host, kernel, onOver: () => finish('ok') }, monitor);
  const live = isLive(host, options) ? stat.live(() => finish('ok')) : undefined;
  try {
    await useFacts(plan, monitor);
    await useCauses(plan, monitor);
    if (plan.becomes !== undefined) await host.becomeUser(plan.becomes, 'seeing others');
    stat.start(meant);
    live?.start();
    if (live === undefined) listeners.push(host.after(options.duration ?? INTERVAL_MS, () => finish('ok')));
    const ending = await ended;
    live?.stop();
    meant?.close();
    await monitor.settled();
    monitor.stop();
    if (live === undefined) output.write(stat.report());
    await delivered(host, output, ending === 'ok' ? 'kept' : 'hurried');
    if (ending === 'ok' && !isWritten) return 'output';
    return ending === 'ok' && options.failOnLoss && stat.hasLost ? 'loss' : ending;
  } finally {
    live?.stop();
    meant?.close();
    for (const listener of listeners) listener.cancel();
  }
}
