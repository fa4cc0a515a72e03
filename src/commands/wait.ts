/** `procwatch wait`: until the processes named have ended; its own status is theirs. */
import { EXIT, exitCodeOf, Failure, type Result } from '../errors.ts';
import { endInWords } from '../format/cause-in-words.ts';
import { escapeText } from '../format/escape.ts';
import type { Extra } from '../format/field.ts';
import { JsonFormatter } from '../format/json.ts';
import { humanDuration } from '../format/times.ts';
import { usageInWords } from '../format/usage-in-words.ts';
import type { Host, Kernel } from '../host/host.ts';
import type { WireKind } from '../netlink/events.ts';
import { EXITS_OF_LIMIT, type Hearing, type Scope } from '../netlink/filter.ts';
import { Monitor } from '../pipeline/monitor.ts';
import { openStream, type StreamWish } from '../pipeline/subscribing.ts';
import { type Target, Waiting } from '../pipeline/waiting.ts';
import type { EventStream } from '../process/event-stream.ts';
import type { ProcessRecord, StreamRecord } from '../process/record.ts';
import { type Redact, redactingReader } from '../process/redact.ts';
import { SELECT_ALL, Selector } from '../process/select.ts';
import { outcomeOf } from '../process/wait-status.ts';
import type { UsageSource } from '../usage/usage-source.ts';
import { openEars } from './ears.ts';
import { delivered } from './last-words.ts';
import type { ValuesOf } from './options.ts';
import { ringBytesFor } from './ring-plan.ts';
import { redactorFor } from './start-watch.ts';
import { openUsage } from './usage.ts';
import type { WAIT_OPTIONS } from './wait-options.ts';
import { globsOf, type Matches, type Present, presentTargets, target } from './wait-targets.ts';

type WaitOptions = ValuesOf<typeof WAIT_OPTIONS>;

const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

const NO_USAGE =
  'procwatch: --usage: no usage: this is a pid namespace of its own, and accounts have the numbers of the initial one\n';

/** What the kernel gives without asking: the exits of a few processes need no more. */
const BUFFER_BYTES = 256 * 1024;

/** All ends, and programs where one is to come. */
function wishOf({ next, buffer, source }: WaitOptions): StreamWish {
  const scopes = new Map<WireKind, Scope>([['exit', 'both']]);
  if (next.length > 0) scopes.set('exec', 'leaders');
  const hearing: Hearing = { scopes, onlyFailures: false };
  const wishes = { births: false, execs: next.length > 0, onlyFailures: false };
  const plans = (['whole', 'status'] as const).map((ends) => ({ wishes: { ...wishes, ends }, hearing }));
  const ring = { plans, ringBytes: ringBytesFor(buffer), args: 'with', untold: [], unwanted: undefined } as const;
  return { hearing, bufferBytes: buffer ?? BUFFER_BYTES, source, ring };
}

/** Events of other numbers say nothing of who is here, and are opened only for what is to come. */
async function streamOf(host: Host, kernel: Kernel, options: WaitOptions): Promise<EventStream> {
  const isForNext = options.next.length > 0;
  const stream = await (isForNext ? openEars : openStream)(host, kernel, wishOf(options));
  if (stream.foreign === undefined || isForNext) return stream;
  stream.close();
  throw new Failure(
    'unavailable',
    'this is a pid namespace of its own, and events have the numbers of the initial one',
  );
}

async function monitorOf(
  host: Host,
  kernel: Kernel,
  options: WaitOptions,
  redact: Redact | undefined,
): Promise<Monitor | undefined> {
  try {
    const stream = await streamOf(host, kernel, options);
    return new Monitor(host, kernel, {
      stream,
      hearing: stream.hearing,
      shows: ({ tid, tgid }) => tid === tgid,
      threads: false,
      infers: { ends: false, finds: false, execs: false },
      selector: new Selector(SELECT_ALL),
      treeRoots: [],
      wants: { ancestry: false, cgroup: false },
      bufferBytes: stream.bufferBytes,
      ordered: true,
      // Descriptors tell what events do not.
      looksAgain: false,
      redact,
    });
  } catch (error) {
    // Descriptors need no connector; what is still to come cannot be seen without it.
    if (!(error instanceof Failure) || options.next.length > 0) throw error;
    host.stderr.write(`procwatch: ${error.message}\nprocwatch: waiting without events: a status may stay unknown\n`);
    return undefined;
  }
}

/** What is read without the monitor holds no more than what it tells. */
const discreet = (kernel: Kernel, redact: Redact | undefined): Kernel =>
  redact === undefined ? kernel : { ...kernel, reader: redactingReader(kernel.reader, redact) };

function refuseContradictions({ all, any, first }: WaitOptions): void {
  const given = [all && '--all', any && '--any', first !== undefined && '--first'].filter(Boolean);
  if (given.length > 1) throw new Failure('usage', `${given.join(' and ')} contradict each other`);
}

function whyMissing({ label, pid }: Target, found: 'gone' | 'thread'): string {
  if (pid === undefined) return `there is nothing for "${label}"`;
  const what = `${label === String(pid) ? '' : `${label}: `}there is no process ${pid}`;
  return found === 'thread' ? `${what}: this is the number of a thread` : what;
}

/** The first that is not 0, in the order of the command line. */
function statusOf(targets: readonly Target[]): Result {
  for (const { end } of targets) {
    if (end === undefined) continue;
    if (end.waitStatus === undefined) return 'unknown';
    if (end.waitStatus === 0) continue;
    const outcome = outcomeOf(end.waitStatus);
    return outcome.kind === 'code' ? { status: outcome.code } : { signal: outcome.number };
  }
  return { status: EXIT.ok.code };
}

class Wait {
  private readonly host: Host;
  private readonly options: WaitOptions;
  private readonly targets: Target[];
  private readonly finish: (result: Result) => void;
  private readonly json: JsonFormatter;
  private left: number;

  constructor(host: Host, kernel: Kernel, options: WaitOptions, targets: Target[], finish: (result: Result) => void) {
    this.host = host;
    this.options = options;
    this.targets = targets;
    this.finish = finish;
    const userName = (uid: number) => kernel.users.name(uid);
    const extras = new Set<Extra>(options.usage ? ['usage'] : []);
    this.json = new JsonFormatter({ wallOffset: kernel.clocks().wallOffset, extras, userName });
    this.left = options.any ? 1 : Math.min(options.first ?? targets.length, targets.length);
  }

  /** A process has ended, under all the names it was given. */
  ended(which: readonly Target[], record: ProcessRecord): void {
    if (this.left === 0) return;
    if (this.options.json) this.host.stdout.write(this.json.format(record));
    else if (this.options.verbose) this.host.stdout.write(lineOf(record));
    if (which.some(({ end }) => end?.waitStatus === undefined)) this.sayUnknown(record);
    this.count(which.length);
  }

  private sayUnknown({ pid }: ProcessRecord): void {
    this.host.stderr.write(`procwatch: process ${pid} has ended, but its status cannot be known\n`);
  }

  /** A target that is not there: counts as ended with 0, if that is allowed. */
  missing(which: Target, why: string): void {
    if (!this.options.missingOk) throw new Failure('notFound', why);
    which.end = { waitStatus: 0 };
    this.count(1);
  }

  private count(ended: number): void {
    if (this.left === 0) return;
    this.left = Math.max(0, this.left - ended);
    if (this.left === 0) this.finish(statusOf(this.targets));
  }
}

function lineOf({ pid, image, exit }: ProcessRecord): string {
  const name = image.comm === undefined ? '' : ` (${escapeText(image.comm)})`;
  const { how, detail } = endInWords(exit ?? { waitStatus: undefined });
  const after = exit?.duration === undefined ? '' : ` after ${humanDuration(exit.duration.seconds)}`;
  const cost = exit?.usage === undefined ? '' : usageInWords(exit.usage);
  return `${pid}${name}: ${how}${after}${detail}${cost === '' ? '' : ` · ${cost}`}\n`;
}

/** By a signal with --die alone: elsewhere a status is a number. */
const asCode = (result: Result): Result => (typeof result === 'object' ? { status: exitCodeOf(result) } : result);

export async function startWait(host: Host, options: WaitOptions, operands: readonly string[]): Promise<Result> {
  refuseContradictions(options);
  await host.standAside();
  // The status is worth more than the lines, so it stays what it is.
  let isWritten = true;
  host.stdout.onError((code) => {
    isWritten = code === 'EPIPE';
    if (code !== 'EPIPE') host.stderr.write(`procwatch: cannot write: ${code}\n`);
  });
  const redact = await redactorFor(options.redact);
  const kernel = discreet(await host.kernel(), redact);
  // Subscribed before anything is looked at: an end falls into the events or into the look, never between.
  const monitor = await monitorOf(host, kernel, options, redact);
  try {
    if (options.verbose || options.json) await monitor?.useCauses();
    const present = await presentTargets(host, kernel, options, operands);
    const globs = await globsOf('--next', options.next);
    const next = globs.map((matches, i) => ({ matches, target: target(options.next[i]) }));
    if (present.length + next.length === 0)
      throw new Failure('usage', 'nothing to wait for', 'name a PID, --pidfile, --name or --next');
    const result = await waitFor(host, kernel, options, monitor, present, next);
    // A status that is none leaves room to say so.
    if (!isWritten && exitCodeOf(result) === EXIT.ok.code) return 'output';
    return options.die ? result : asCode(result);
  } finally {
    monitor?.stop();
  }
}

/** A process to come, and how it will be known. */
interface Next {
  readonly matches: Matches;
  readonly target: Target;
}

async function waitFor(
  host: Host,
  kernel: Kernel,
  options: WaitOptions,
  monitor: Monitor | undefined,
  present: readonly Present[],
  next: readonly Next[],
): Promise<Result> {
  let finish: (result: Result) => void = () => {};
  const done = new Promise<Result>((resolve) => {
    finish = resolve;
  });
  const targets = [...present, ...next].map((one) => one.target);
  const wait = new Wait(host, kernel, options, targets, finish);
  let usage: UsageSource | undefined;
  const foreign = monitor?.stream.foreign;
  const ended = (which: readonly Target[], record: ProcessRecord): void => {
    if (usage === undefined) wait.ended(which, record);
    else usage.tell(record, (told) => wait.ended(which, told));
  };
  const waiting = new Waiting(host, kernel, monitor, ended, foreign === undefined ? 'ours' : 'foreign');
  const self = foreign?.self ?? host.pid;
  const take = (records: readonly StreamRecord[]): void => {
    for (const record of records) {
      if (!('pid' in record) || record.event !== 'exec' || record.pid === self) continue;
      const match = next.find(({ target, matches }) => target.pid === undefined && matches(record.image));
      if (match === undefined) continue;
      match.target.pid = record.pid;
      waiting.adopt(match.target, record);
    }
    waiting.take(records);
  };
  const listeners = [
    host.onSignal('SIGINT', () => finish({ signal: SIGNALS.SIGINT })),
    host.onSignal('SIGTERM', () => finish({ signal: SIGNALS.SIGTERM })),
    host.onSignal('SIGHUP', () => finish({ signal: SIGNALS.SIGHUP })),
  ];
  try {
    for (const { target, reason } of present) {
      const found = target.pid === undefined ? 'gone' : waiting.add(target, target.pid);
      if (found !== 'added') wait.missing(target, reason ? `${target.label}: ${reason}` : whyMissing(target, found));
    }
    if (next.length === 0 && waiting.pids.size <= EXITS_OF_LIMIT) monitor?.stream.narrow(waiting.pids);
    monitor?.start(take, foreign === undefined ? [...waiting.pids] : []);
    if (options.timeout !== undefined) listeners.push(host.after(options.timeout, () => finish('timeout')));
    // Last, since the program in the kernel takes its time to load: who ends meanwhile has a status, and no account.
    const isHere = kernel.circumstances().initialPidNamespace;
    if (options.usage && !isHere) host.stderr.write(NO_USAGE);
    usage = await openUsage(host, kernel, { wanted: options.usage && isHere, onlyFailures: false });
    usage?.start();
    waiting.begin();
    return await done;
  } finally {
    for (const listener of listeners) listener.cancel();
    waiting.close();
    usage?.close(() => {});
    await delivered(host, host.stdout, 'kept');
  }
}
