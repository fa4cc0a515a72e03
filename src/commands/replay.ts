/** `procwatch watch --read`: the records of a recording, shown as if they happened now. */
import { EXIT, type ExitName } from '../errors.ts';
import { fieldNamed } from '../format/fields.ts';
import { FORMATTERS } from '../format/formats.ts';
import type { Formatter } from '../format/formatter.ts';
import { LineBuffer } from '../format/line-buffer.ts';
import type { Summary } from '../format/summary.ts';
import type { Host, OutputStream } from '../host/host.ts';
import type { ProcessRecord } from '../process/record.ts';
import type { Hosts } from '../recording/hosts.ts';
import { interestIn } from '../recording/interest.ts';
import type { Interest, Recording } from '../recording/recording.ts';
import { Replay } from '../recording/replay.ts';
import { ReplayedJson } from '../recording/replayed-json.ts';
import type { ReadRecord } from '../recording/row.ts';
import { withFar } from './far-input.ts';
import type { WatchOptions } from './options.ts';
import { onUnwritten, openOutput } from './output.ts';
import { type Plan, planWatch } from './plan.ts';
import type { Window } from './points-in-time.ts';
import { hostsIn, openRecordings, windowFor } from './recordings.ts';
import { redactorFor, selectionFor } from './start-watch.ts';

type Ending = Extract<ExitName, 'ok' | 'output' | 'terminated' | 'hangup'>;

/** Written at once at the most. */
const CHUNK_BYTES = 64 * 1024;
/** What may wait for a slow reader: nothing is lost by waiting for him. */
const PATIENCE_BYTES = 4 * 2 ** 20;
const NAP_MS = 2;

/** The same decisions as of live events, of the records that they became. */
export function recordsShown({ events, threads, infers, state }: Plan): (record: ProcessRecord) => boolean {
  const wanted = new Set<string>(events);
  return ({ event, pid, tid, thread, inferred, exit }) => {
    if (event === 'alive') return state;
    if (event === 'found') return infers.finds;
    if (inferred && event === 'exec') return infers.execs;
    if (inferred && event === 'exit') return infers.ends;
    const isLeader = thread === false && (tid === pid || event === 'fork');
    if (!isLeader && !threads && event !== 'coredump' && event !== 'clone') return false;
    if (event === 'exit') return wanted.has('exit') || (wanted.has('nonzero-exit') && exit?.waitStatus !== 0);
    return wanted.has(event);
  };
}

/** Names of users are those of the recording: they are chosen by when they are read. */
export function usersIn({ user, notUser }: Pick<WatchOptions, 'user' | 'notUser'>) {
  const isName = (text: string): boolean => !/^\d+$/.test(text);
  const numbers = { user: user.filter((text) => !isName(text)), notUser: notUser.filter((text) => !isName(text)) };
  return { numbers, names: { wanted: user.filter(isName), unwanted: notUser.filter(isName) } };
}

/** Nobody is asked: what is left to be resolved are numbers. */
export const NO_USERS = { users: { name: () => undefined, account: async () => undefined } };

type Discretion = Pick<WatchOptions, 'noArgs' | 'redact'> & Partial<Pick<WatchOptions, 'maxArgs'>>;

export async function revisionsFor({ noArgs, redact, maxArgs }: Discretion) {
  if (!noArgs && redact.length === 0 && maxArgs === undefined) return [];
  const { withoutArguments, withRedactedTexts, withBoundedArguments } = await import('../timeline/without-secrets.ts');
  const redactor = await redactorFor(redact);
  return [
    ...(noArgs ? [withoutArguments()] : []),
    ...(redactor === undefined ? [] : [withRedactedTexts(redactor)]),
    ...(maxArgs === undefined ? [] : [withBoundedArguments(maxArgs)]),
  ];
}

/** Whatever a record tells, kinds that only some are asked for among them. */
const kindsIn = ({ events, infers, state }: Plan): string[] => [
  ...events.map((name) => (name === 'nonzero-exit' ? 'exit' : name)),
  ...(infers.finds ? ['found'] : []),
  ...(state ? ['alive'] : []),
];

/** Where records go, and what is counted of them. */
class Showing {
  private readonly plan: Plan;
  private readonly replay: Replay;
  private readonly formatter: Formatter;
  private readonly output: OutputStream;
  private readonly summary: Summary | undefined;
  private readonly lines = new LineBuffer();
  private readonly told: Record<string, number> = {};
  private left: number;
  private lost = 0;
  private isStarved = false;
  private refused = 0;

  constructor(plan: Plan, replay: Replay, formatter: Formatter, output: OutputStream, summary: Summary | undefined) {
    this.plan = plan;
    this.replay = replay;
    this.formatter = formatter;
    this.output = output;
    this.summary = summary;
    this.left = plan.count ?? Number.POSITIVE_INFINITY;
  }

  begin(): void {
    if (!this.plan.quiet) this.write(this.formatter.header?.() ?? '');
  }

  private write(chunk: string | Uint8Array): void {
    if (chunk.length > 0) this.output.write(chunk);
  }

  take(records: readonly ReadRecord[]): void {
    for (const record of records) {
      if (this.left === 0) break;
      this.show(record);
      if (this.lines.length > CHUNK_BYTES) this.write(this.lines.take());
    }
    this.write(this.lines.take());
  }

  private show(record: ReadRecord): void {
    const { event } = record;
    if (event === 'end' && typeof record.facts.refused === 'number') this.refused += record.facts.refused;
    const isOfStream = event === 'start' || event === 'end';
    if (isOfStream && !this.plan.meta) return;
    if ('pid' in record && event !== 'found' && event !== 'alive') this.left--;
    if (event === 'lost') {
      this.lost += record.count ?? 0;
      this.isStarved ||= record.count === undefined;
    }
    this.told[event] = (this.told[event] ?? 0) + 1;
    this.replay.turnTo(record);
    if (!isOfStream) this.summary?.count(record);
    if (!this.plan.quiet) this.formatter.write(record, this.lines);
  }

  get isDone(): boolean {
    return this.left === 0;
  }

  get hasLost(): boolean {
    return this.isStarved || this.lost > 0;
  }

  report(): string {
    return this.summary === undefined ? '' : `${this.summary.render()}refused: ${this.refused}\n`;
  }
}

/** Ends reading on a signal, and when the output is gone. */
export class Reader {
  ending: Ending | undefined;
  private readonly listeners: { cancel(): void }[];

  constructor(host: Host, output: OutputStream) {
    let interrupts = 0;
    const end = (as: Ending): void => {
      this.ending ??= as;
    };
    this.listeners = [
      host.onSignal('SIGINT', () => (++interrupts > 1 ? host.abort(EXIT.interrupted.code) : end('ok'))),
      host.onSignal('SIGTERM', () => end('terminated')),
      host.onSignal('SIGHUP', () => end('hangup')),
    ];
    onUnwritten(host, output, end);
  }

  get isOver(): boolean {
    return this.ending !== undefined;
  }

  release(): void {
    for (const listener of this.listeners) listener.cancel();
  }
}

async function drained(host: Host, output: OutputStream, reader: Reader): Promise<void> {
  while (output.pending() > PATIENCE_BYTES && !reader.isOver) {
    await new Promise<void>((resolve) => {
      host.after(NAP_MS, resolve);
    });
  }
}

/** 1 with `--strict` where something of it could not be read. */
export function endOfReading(recordings: readonly Recording[], strict: boolean): ExitName {
  return strict && recordings.some(({ troubles }) => !troubles.isNone) ? 'degraded' : 'ok';
}

export async function replayFor(options: WatchOptions, plan: Plan, window: Window, hosts?: Hosts): Promise<Replay> {
  const { numbers, names } = usersIn(options);
  return new Replay({
    selection: await selectionFor(NO_USERS, { ...options, ...numbers }),
    users: names,
    shows: recordsShown(plan),
    ...window,
    ...(hosts && { hosts }),
    wantsAncestry: plan.extras.has('ancestry'),
    revise: await revisionsFor(options),
  });
}

/** What a server is asked for: as little as is shown, where nothing is concluded from what is not. */
function eventsToHear(plan: Plan, { tree, notTree }: WatchOptions): readonly string[] | undefined {
  const isAlone = tree.length + notTree.length === 0 && !plan.extras.has('ancestry') && !plan.state;
  return isAlone ? plan.events : undefined;
}

/** What has to be read for it. */
export function wantedOf(plan: Plan, replay: Replay): Interest & { readonly isWhole: boolean } {
  const isWhole = replay.needsFamily;
  const ends = plan.events.includes('exit') ? 'all' : 'failures';
  const wants = isWhole ? undefined : interestIn(kindsIn(plan), ends);
  const usage = plan.extras.has('usage') ? 'with usage' : 'without usage';
  return { usage, isWhole, ...(wants && { wants }) };
}

export async function startReplay(host: Host, options: WatchOptions): Promise<ExitName> {
  const isTerminal = options.output === undefined && host.stdout.isTerminal;
  const plan = planWatch(options, { env: host.env, isTerminal, isRoot: false });
  const request = await withFar(host, options, options, eventsToHear(plan, options));
  const window = await windowFor(host, request);
  const hosts = await hostsIn(host, request);
  const replay = await replayFor(options, plan, window, hosts);
  const output = options.output === undefined ? host.stdout : openOutput(host, options.output);
  const reader = new Reader(host, output);
  const opened = await openRecordings(host, request, window, wantedOf(plan, replay), reader);
  const context = replay.context(plan.extras);
  const make = await FORMATTERS[plan.format]();
  const formatter =
    plan.format === 'json'
      ? new ReplayedJson(context)
      : make(context, {
          colour: plan.colour,
          columns: plan.columns,
          hostColumn: options.columns === undefined ? fieldNamed('host') : undefined,
          screen: () => output.size(),
        });
  const summary = plan.summary ? new (await import('../format/summary.ts')).Summary() : undefined;
  const showing = new Showing(plan, replay, formatter, output, summary);
  try {
    showing.begin();
    for await (const batch of opened.batches) {
      showing.take(replay.take(batch));
      await drained(host, output, reader);
      if (showing.isDone || reader.isOver) break;
    }
    // Whoever still follows is told.
    reader.ending ??= 'ok';
    if (summary !== undefined) host.stderr.write(showing.report());
    await output.flushed();
  } finally {
    reader.release();
  }
  if (reader.ending !== undefined && reader.ending !== 'ok') return reader.ending;
  if (plan.failOnLoss && showing.hasLost) return 'loss';
  return endOfReading(opened.recordings, options.strict);
}
