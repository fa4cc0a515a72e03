/** `procwatch watch`: from a plan to a stream of records, until something says that it is enough. */
import { EXIT, type ExitName } from '../errors.ts';
import { FORMATTERS } from '../format/formats.ts';
import type { Formatter } from '../format/formatter.ts';
import { LineBuffer } from '../format/line-buffer.ts';
import type { Summary } from '../format/summary.ts';
import { monotonicNanos } from '../format/times.ts';
import type { Host, Kernel, OutputStream } from '../host/host.ts';
import { hearsWholeLives } from '../netlink/filter.ts';
import { Monitor } from '../pipeline/monitor.ts';
import { Sink } from '../pipeline/sink.ts';
import type { EventStream } from '../process/event-stream.ts';
import type { Clocks, Moment } from '../process/moment.ts';
import type { LostRecord, StreamRecord } from '../process/record.ts';
import type { Redact } from '../process/redact.ts';
import { type Selection, Selector } from '../process/select.ts';
import { VERSION } from '../version.ts';
import { openEars } from './ears.ts';
import { type Programs, usePrograms } from './facts.ts';
import { delivered } from './last-words.ts';
import { type Meant, meantBy } from './meant.ts';
import { onUnwritten, openRecordOutput } from './output.ts';
import type { Plan } from './plan.ts';

/** Why a watch ends. */
type Ending = Extract<ExitName, 'ok' | 'output' | 'terminated' | 'hangup'>;

/** Written at once at the most: larger copies cost more than the calls they save. */
const CHUNK_BYTES = 64 * 1024;

/** Records of ours, which do not count as process events. */
const isCounted = (record: StreamRecord): boolean =>
  'pid' in record && record.event !== 'found' && record.event !== 'alive';

const NEARLY = 16;

/** Where records go. */
interface Telling {
  readonly formatter: Formatter;
  readonly sink: Sink;
  readonly summary: Summary | undefined;
}

class Watch {
  private readonly host: Host;
  private readonly plan: Plan;
  private readonly formatter: Formatter;
  private readonly sink: Sink;
  /** Counts for the end, where they are wanted. */
  private readonly summary: Summary | undefined;
  private readonly lines = new LineBuffer();
  private readonly finish: (ending: Ending) => void;
  private readonly told: Record<string, number> = {};
  /** Whom alone records are about, if they are. */
  meant: Meant | undefined;
  private left: number;
  private lost = 0;
  private starved = false;
  private lastRoom: Moment;

  constructor(host: Host, plan: Plan, tell: Telling, finish: (ending: Ending) => void) {
    const { formatter, sink, summary } = tell;
    this.host = host;
    this.plan = plan;
    this.summary = summary;
    this.formatter = formatter;
    this.sink = sink;
    this.finish = finish;
    this.left = plan.count ?? Number.POSITIVE_INFINITY;
    this.lastRoom = host.now();
  }

  /** One batch of records: one write, or a few. */
  take(all: readonly StreamRecord[]): void {
    const records = this.meant === undefined ? all : this.meant.filter(all);
    const room = this.sink.admits(records.length);
    const gap = room ? this.outputLoss() : undefined;
    const { lines } = this;
    if (gap !== undefined && !this.plan.quiet) this.formatter.write(gap, lines);
    for (const record of records) {
      if (this.left === 0) break;
      if (isCounted(record)) this.left--;
      this.count(record);
      if (room) this.told[record.event] = (this.told[record.event] ?? 0) + 1;
      if (room && !this.plan.quiet) this.formatter.write(record, lines);
      if (lines.length > CHUNK_BYTES) this.sink.write(lines.take());
    }
    this.sink.write(lines.take());
    if (this.left === 0) this.finish('ok');
    this.meant?.look();
  }

  /** All are told that were asked for. */
  get isFull(): boolean {
    return this.left === 0;
  }

  /** So few are left to tell that whoever waits for the end would notice a delay. */
  get isNearlyDone(): boolean {
    return this.left <= NEARLY;
  }

  private count(record: StreamRecord): void {
    if (record.event === 'lost') {
      this.lost += record.count ?? 0;
      this.starved ||= record.count === undefined;
    }
    this.summary?.count(record);
  }

  /** What the reader of our output missed, told at the first moment there is room again. */
  private outputLoss(): LostRecord | undefined {
    const since = this.lastRoom;
    const at = this.host.now();
    this.lastRoom = at;
    const count = this.sink.takeDropped();
    return count === 0 ? undefined : { event: 'lost', reason: 'output', count, at, since };
  }

  begin(): void {
    if (!this.plan.quiet) this.sink.write(this.formatter.header?.() ?? '');
  }

  /** A record of ours, outside of any batch. */
  note(record: StreamRecord): void {
    if (this.plan.meta && !this.plan.quiet) this.sink.write(this.formatter.format(record));
  }

  end(ending: Ending, refused: Readonly<Record<string, number>>): void {
    const gap = this.outputLoss();
    if (gap !== undefined && !this.plan.quiet) this.sink.write(this.formatter.format(gap));
    const at = this.host.now();
    const lost = this.lost + this.sink.droppedInAll;
    this.note({ event: 'end', at, facts: { reason: ending, told: this.told, lost, refused: total(refused) } });
    if (this.summary !== undefined) this.host.stderr.write(`${this.summary.render()}refused: ${total(refused)}\n`);
    else if (total(refused) > 0) this.host.stderr.write(refusalNotice(refused));
  }

  get hasLost(): boolean {
    return this.starved || this.lost + this.sink.droppedInAll > 0;
  }
}

/** Forged, broken and unknown datagrams are never shown, and never passed over in silence. */
function refusalNotice(refused: Readonly<Record<string, number>>): string {
  const reasons = Object.entries(refused).flatMap(([reason, count]) => (count > 0 ? `${count} ${reason}` : []));
  return `procwatch: refused datagrams that were not the kernel's, or not understood: ${reasons.join(', ')}\n`;
}

/** Neither births nor programs are heard, so of what ends only what is left of it can be told. */
const tellsEndsAlone = ({ hearing, argvSource }: Plan): boolean =>
  argvSource === 'auto' && hearing.scopes.has('exit') && !hearsWholeLives(hearing);

const NO_PROC =
  'procwatch: there is no /proc here: of processes that are there already nothing is known, and of others only what programs in the kernel tell\n';

const lateNotice = (reason: string): string =>
  `procwatch: of what has ended before it could be looked at only number and status are known (${reason}); add fork,exec to --events to know more\n`;

function cutNotice(count: number): string {
  const records = count === 1 ? 'a record' : `${count} records`;
  return `procwatch: --grep judged ${records} by the beginning of the arguments, since they are longer than what is known of them (args_truncated)\n`;
}

const total = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((a, b) => a + b, 0);

/** Digits of nanoseconds; nothing of a machine that has never slept. */
function suspended({ bootOffset }: Clocks): { readonly suspended_ns?: string } {
  const isAwake = bootOffset.seconds === 0 && bootOffset.nanos < AWAKE_NANOS;
  return isAwake ? {} : { suspended_ns: monotonicNanos(bootOffset) };
}

/** The clocks are read one after the other. */
const AWAKE_NANOS = 1e6;

export function startFacts(host: Host, plan: Plan, monitor: Monitor, programs: Programs, clocks: Clocks) {
  const { host: name, bootId, kernel, cpus } = host.identity();
  return {
    version: VERSION,
    host: name,
    ...(bootId !== undefined && { boot_id: bootId }),
    kernel,
    cpus,
    ...suspended(clocks),
    events: plan.events,
    source: monitor.stream.source,
    ...(monitor.stream.foreign !== undefined && { pid_namespace: 'initial' }),
    filter: monitor.stream.filter,
    buffer_bytes: monitor.stream.bufferBytes,
    argv_source: programs.noFacts === undefined ? 'bpf' : 'proc',
    ...(programs.noFacts !== undefined && { argv_reason: programs.noFacts }),
    ...(programs.noCauses !== undefined && { cause_reason: programs.noCauses }),
    ...(programs.hook !== undefined && { exec_failed_source: programs.hook }),
  };
}

/** What the pipeline is told by a plan. */
export function monitorOptions(plan: Plan, selection: Selection, latencyMs: () => number = () => plan.latencyMs) {
  const selector = new Selector(selection);
  return {
    hearing: plan.hearing,
    shows: plan.shows,
    threads: plan.threads,
    infers: plan.infers,
    selector,
    treeRoots: [...selection.tree.wanted, ...selection.tree.unwanted],
    wants: { ancestry: plan.extras.has('ancestry'), cgroup: plan.needsCgroup },
    bufferBytes: plan.bufferBytes,
    readsArgs: plan.args,
    maxArgs: plan.maxArgs,
    ordered: plan.ordered,
    latencyMs,
  };
}

/** Calls `finish` on signals, on the end of the time given, and when the output is gone. A second Ctrl-C does not wait. */
function listenForEnd(host: Host, plan: Plan, output: OutputStream, finish: (ending: Ending) => void): () => void {
  let interrupts = 0;
  const listeners = [
    host.onSignal('SIGINT', () => (++interrupts > 1 ? host.abort(EXIT.interrupted.code) : finish('ok'))),
    host.onSignal('SIGTERM', () => finish('terminated')),
    host.onSignal('SIGHUP', () => finish('hangup')),
  ];
  onUnwritten(host, output, finish);
  if (plan.durationMs !== undefined) listeners.push(host.after(plan.durationMs, () => finish('ok')));
  return () => {
    for (const listener of listeners) listener.cancel();
  };
}

/** A file is opened only once the watch stands, so that none is emptied for nothing; where it cannot be, the watch is given up. */
async function outputOf(host: Host, plan: Plan, monitor: Monitor): Promise<OutputStream> {
  try {
    return await openRecordOutput(host, plan, host.stdout);
  } catch (error) {
    monitor.stop();
    throw error;
  }
}

/** Whom to tell of, and what not. */
export interface Discretion {
  readonly selection: Selection;
  readonly redact: Redact | undefined;
}

/** What was begun before this code was loaded. */
export interface Begun {
  readonly stream: EventStream | undefined;
  /** Listens for signals, until the watch does: a signal between the two would be lost. */
  readonly attending: { cancel(): void };
}

export async function watch(
  host: Host,
  plan: Plan,
  kernel: Kernel,
  discretion: Discretion,
  { stream, attending }: Begun,
): Promise<ExitName> {
  const { onlyFailures } = plan.hearing;
  const usage = plan.extras.has('usage')
    ? await (await import('./usage.ts')).openUsage(host, kernel, { wanted: true, onlyFailures })
    : undefined;
  let windowMs = (): number => plan.latencyMs;
  const monitor = new Monitor(host, kernel, {
    ...monitorOptions(plan, discretion.selection, () => windowMs()),
    redact: discretion.redact,
    stream: stream ?? (await openEars(host, kernel, plan)),
    ...(usage && { usage }),
  });
  if (plan.bufferWasAsked && monitor.stream.bufferBytes < plan.bufferBytes) {
    host.stderr.write(
      `procwatch: the kernel grants a queue of ${monitor.stream.bufferBytes} bytes, ${plan.bufferBytes} were asked for; root may have more, or raise net.core.rmem_max\n`,
    );
  }
  const output = await outputOf(host, plan, monitor);
  // Whatever goes wrong from here on: the kernel must not go on building events for nobody.
  const leaving = host.atExit(() => monitor.stream.close());
  const context = {
    wallOffset: kernel.clocks().wallOffset,
    extras: plan.extras,
    userName: (uid: number) => kernel.users.name(uid),
  };
  const make = await FORMATTERS[plan.format]();
  const formatter = make(context, {
    colour: plan.colour,
    columns: plan.columns,
    spareColumns: plan.spareColumns,
    screen: () => output.size(),
  });
  const sink = new Sink(output, plan.queueBytes);
  const summary = plan.summary ? new (await import('../format/summary.ts')).Summary() : undefined;

  let finish: (ending: Ending) => void = () => {};
  let isWritten = true;
  let hasEnded = false;
  let finishAgain = (): void => {};
  const again = new Promise<void>((resolve) => {
    finishAgain = resolve;
  });
  const ended = new Promise<Ending>((resolve) => {
    finish = (ending) => {
      if (ending === 'output') isWritten = false;
      if (hasEnded) finishAgain();
      hasEnded = true;
      resolve(ending);
    };
  });
  const run = new Watch(host, plan, { formatter, sink, summary }, finish);
  windowMs = () => (run.isNearlyDone ? 0 : plan.latencyMs);
  const stopListening = listenForEnd(host, plan, output, finish);
  attending.cancel();
  const programs = await usePrograms(plan, monitor);
  if (kernel.circumstances().hidesProcesses) host.stderr.write(NO_PROC);
  if (programs.noFacts !== undefined && tellsEndsAlone(plan)) host.stderr.write(lateNotice(programs.noFacts));
  if (plan.becomes !== undefined) await host.becomeUser(plan.becomes, 'seeing others');
  run.begin();
  const at = host.now();
  run.meant = meantBy(plan.meant, { host, kernel, onOver: () => finish('ok') }, monitor);
  monitor.start((records) => {
    context.wallOffset = kernel.clocks().wallOffset;
    run.take(records);
  });
  run.meant?.start();
  // Who reads this may rely on it: from here on every process is known, and nothing is missed.
  run.note({ event: 'start', at, facts: startFacts(host, plan, monitor, programs, kernel.clocks()) });
  if (plan.state) run.take(monitor.state(at, discretion.selection));
  const ending = await ended;
  await monitor.settled();
  leaving.cancel();
  run.meant?.close();
  monitor.stop();
  run.end(ending, monitor.refused);
  if (monitor.judgedCut > 0) host.stderr.write(cutNotice(monitor.judgedCut));
  // Who asked for so many records gets them, however slowly they are read; a time and a signal are kept.
  if (run.isFull && plan.durationMs === undefined) await Promise.race([output.flushed(), again]);
  else await delivered(host, output, ending === 'ok' ? 'kept' : 'hurried');
  stopListening();
  if (ending === 'ok' && !isWritten) return 'output';
  return ending === 'ok' && plan.failOnLoss && run.hasLost ? 'loss' : ending;
}
