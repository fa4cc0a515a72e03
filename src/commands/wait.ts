/** `procwatch wait`: until the processes named have ended; its own status is theirs. */
import { EXIT, Failure, type Result } from '../errors.ts';
import { escapeText } from '../format/escape.ts';
import { JsonFormatter } from '../format/json.ts';
import { humanDuration } from '../format/times.ts';
import type { Host, Kernel } from '../host.ts';
import { Monitor } from '../monitor.ts';
import type { WireKind } from '../netlink/events.ts';
import type { Scope } from '../netlink/filter.ts';
import { EXITS_OF_LIMIT } from '../netlink/filter.ts';
import type { ProcessRecord, StreamRecord } from '../process/record.ts';
import { namesOf, SELECT_ALL, Selector } from '../process/select.ts';
import { inWords, shellStatus } from '../process/wait-status.ts';
import { type Target, Waiting } from '../waiting.ts';
import type { ValuesOf } from './options.ts';
import { readCount } from './values.ts';
import type { WAIT_OPTIONS } from './wait-options.ts';

type WaitOptions = ValuesOf<typeof WAIT_OPTIONS>;

/** What the kernel gives without asking: the exits of a few processes need no more. */
const BUFFER_BYTES = 256 * 1024;

const target = (label: string, pid?: number): Target => ({ label, pid, facts: undefined, end: undefined });

function monitorOf(host: Host, kernel: Kernel, options: WaitOptions): Monitor | undefined {
  const scopes = new Map<WireKind, Scope>([['exit', 'both']]);
  if (options.next.length > 0) scopes.set('exec', 'leaders');
  try {
    return new Monitor(host, kernel, {
      hearing: { scopes, onlyFailures: false },
      shows: ({ tid, tgid }) => tid === tgid,
      threads: false,
      infers: { ends: false, finds: false },
      selector: new Selector(SELECT_ALL),
      treeRoots: [],
      wants: { ancestry: false, cgroup: false },
      bufferBytes: options.buffer ?? BUFFER_BYTES,
      ordered: true,
    });
  } catch (error) {
    // Descriptors need no connector; what is still to come cannot be seen without it.
    if (!(error instanceof Failure) || options.next.length > 0) throw error;
    host.stderr.write(`procwatch: ${error.message}\nprocwatch: waiting without events: a status may stay unknown\n`);
    return undefined;
  }
}

/** The matcher of a glob over the names a process goes by. Loads the pattern engine only if there is a glob. */
async function globsOf(globs: readonly string[]): Promise<((record: Pick<ProcessRecord, 'image'>) => boolean)[]> {
  if (globs.length === 0) return [];
  const { globMatcher } = await import('../process/patterns.ts');
  return globs.map((glob) => {
    const matches = globMatcher(glob);
    return ({ image }) => namesOf(image).some(matches);
  });
}

/** The targets that must be there now, in the order of the command line: operands, pid files, names. */
async function presentTargets(
  host: Host,
  kernel: Kernel,
  options: WaitOptions,
  operands: readonly string[],
): Promise<Target[]> {
  const byPid = operands.map((text) => target(text, readCount('PID', text)));
  const byFile = options.pidfile.map((path) => target(path, pidIn(host, path)));
  const globs = await globsOf(options.name);
  const byName = globs.flatMap((matches, i) => {
    const found = kernel.reader.pids().filter((pid) => {
      const facts = pid === host.pid ? undefined : kernel.reader.facts(pid);
      return facts !== undefined && matches(facts);
    });
    return found.length === 0 ? [target(options.name[i])] : found.map((pid) => target(options.name[i], pid));
  });
  return [...byPid, ...byFile, ...byName];
}

function pidIn(host: Host, path: string): number | undefined {
  let text: string;
  try {
    text = host.readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new Failure('usage', `--pidfile: cannot read ${path}: ${(error as Error).message}`);
  }
  const [first] = text.trim().split(/\s/);
  return readCount(`--pidfile ${path}`, first);
}

/** The first that is not 0, in the order of the command line. */
function statusOf(targets: readonly Target[]): Result {
  for (const { end } of targets) {
    if (end === undefined) continue;
    if (end.waitStatus === undefined) return 'unknown';
    if (shellStatus(end.waitStatus) !== 0) return { status: shellStatus(end.waitStatus) };
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
    this.json = new JsonFormatter({ wallOffset: kernel.clocks().wallOffset, extras: new Set(), userName });
    this.left = options.any ? 1 : Math.min(options.first ?? targets.length, targets.length);
  }

  /** One target has ended. */
  ended(which: Target, record: ProcessRecord): void {
    if (this.left === 0) return;
    if (this.options.json) this.host.stdout.write(this.json.format(record));
    else if (this.options.verbose) this.host.stdout.write(lineOf(record));
    if (which.end?.waitStatus === undefined) this.sayUnknown(record);
    this.count();
  }

  private sayUnknown({ pid }: ProcessRecord): void {
    this.host.stderr.write(`procwatch: process ${pid} has ended, but its status cannot be known\n`);
  }

  /** A target that is not there: counts as ended with 0, if that is allowed. */
  missing(which: Target): void {
    if (!this.options.missingOk) {
      throw new Failure('notFound', `there is no process ${which.pid ?? JSON.stringify(which.label)}`);
    }
    which.end = { waitStatus: 0 };
    this.count();
  }

  private count(): void {
    this.left--;
    if (this.left === 0) this.finish(statusOf(this.targets));
  }
}

function lineOf({ pid, image, exit }: ProcessRecord): string {
  const name = image.comm === undefined ? '' : ` (${escapeText(image.comm)})`;
  const how = exit?.waitStatus === undefined ? 'ended, status unknown' : inWords(exit.waitStatus);
  const after = exit?.duration === undefined ? '' : ` after ${humanDuration(exit.duration.seconds)}`;
  return `${pid}${name}: ${how}${after}\n`;
}

export async function startWait(host: Host, options: WaitOptions, operands: readonly string[]): Promise<Result> {
  const kernel = await host.kernel();
  // Subscribed before anything is looked at: an end falls into the events or into the look, never between.
  const monitor = monitorOf(host, kernel, options);
  try {
    const present = await presentTargets(host, kernel, options, operands);
    const next = (await globsOf(options.next)).map((matches, i) => ({ matches, target: target(options.next[i]) }));
    const targets = [...present, ...next.map((one) => one.target)];
    if (targets.length === 0)
      throw new Failure('usage', 'nothing to wait for', 'name a PID, --pidfile, --name or --next');
    return await waitFor(host, kernel, options, monitor, present, next, targets);
  } finally {
    monitor?.stop();
  }
}

interface Next {
  readonly matches: (record: Pick<ProcessRecord, 'image'>) => boolean;
  readonly target: Target;
}

async function waitFor(
  host: Host,
  kernel: Kernel,
  options: WaitOptions,
  monitor: Monitor | undefined,
  present: readonly Target[],
  next: readonly Next[],
  targets: Target[],
): Promise<Result> {
  let finish: (result: Result) => void = () => {};
  const done = new Promise<Result>((resolve) => {
    finish = resolve;
  });
  const wait = new Wait(host, kernel, options, targets, finish);
  const waiting = new Waiting(host, kernel, monitor, (which, record) => wait.ended(which, record));
  const adopt = (records: readonly StreamRecord[]): void => {
    for (const record of records) {
      if (!('pid' in record) || record.event !== 'exec' || record.pid === host.pid) continue;
      const match = next.find((one) => one.target.pid === undefined && one.matches(record));
      if (match === undefined) continue;
      match.target.pid = record.pid;
      waiting.add(match.target);
    }
    waiting.take(records);
  };
  for (const one of present) if (!waiting.add(one)) wait.missing(one);
  if (next.length === 0 && waiting.pids.size <= EXITS_OF_LIMIT) monitor?.subscription.narrow(waiting.pids);
  monitor?.start(adopt, [...waiting.pids]);

  const listeners = [
    host.onSignal('SIGINT', () => finish('interrupted')),
    host.onSignal('SIGTERM', () => finish('terminated')),
    host.onSignal('SIGHUP', () => finish('hangup')),
  ];
  if (options.timeout !== undefined) listeners.push(host.after(options.timeout, () => finish('timeout')));
  const result = await done;
  for (const listener of listeners) listener.cancel();
  waiting.close();
  await host.stdout.flushed();
  return result;
}
