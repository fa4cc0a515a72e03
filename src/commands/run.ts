/** `procwatch run`: a command with all its descendants under watch; its own status is the command's. */
import { Failure, type Result } from '../errors.ts';
import { FORMATTERS } from '../format/formats.ts';
import { LifeTree } from '../format/life-tree.ts';
import type { Child, Host, Kernel, OutputStream } from '../host/host.ts';
import type { WireEvent } from '../netlink/events.ts';
import { Monitor } from '../pipeline/monitor.ts';
import { Sink } from '../pipeline/sink.ts';
import { isOver } from '../process/exits.ts';
import { SELECT_ALL, Selector } from '../process/select.ts';
import { shellStatus } from '../process/wait-status.ts';
import type { UsageSource } from '../usage/usage-source.ts';
import { captureFor } from './capture.ts';
import { checkName } from './drawn-file.ts';
import { readOptions, type ValuesOf, WATCH_OPTIONS } from './options.ts';
import { openOutput } from './output.ts';
import { type Plan, planWatch } from './plan.ts';
import { Log } from './run-log.ts';
import type { RUN_OPTIONS } from './run-options.ts';
import { type Cut, Signals } from './run-signals.ts';
import { RunTimeline, type TimelineWish } from './run-timeline.ts';
import { redacting, redactorFor } from './start-watch.ts';
import { openUsage } from './usage.ts';

type RunOptions = ValuesOf<typeof RUN_OPTIONS>;

/** The tree is our own: what procwatch gives birth to, and all that comes of it. */
function planRun(host: Host, options: RunOptions): Plan {
  const place = { env: host.env, isTerminal: options.output === undefined && host.stderr.isTerminal };
  const { usage, timeline, events } = options;
  const hasEnds = events.length === 0 || events.includes('exit') || events.includes('nonzero-exit');
  const implied = timeline !== undefined && hasEnds;
  return planWatch({ ...readOptions(WATCH_OPTIONS, {}), ...options, usage: usage || implied, tree: [host.pid] }, place);
}

const isOfLife = ({ kind, tid, tgid }: WireEvent): boolean =>
  tid === tgid && (kind === 'fork' || kind === 'exec' || kind === 'exit');

function monitorOf(host: Host, kernel: Kernel, plan: Plan, usage: UsageSource | undefined): Monitor {
  const tree = { wanted: [host.pid], unwanted: [] };
  const notUs = { wanted: [], unwanted: [host.pid] };
  return new Monitor(host, kernel, {
    hearing: plan.hearing,
    // Births, programs and ends are needed for the tree, whatever is printed.
    shows: (event) => isOfLife(event) || plan.shows(event),
    threads: plan.threads,
    infers: { ends: true, finds: true, execs: true },
    selector: new Selector({ ...SELECT_ALL, tree, pid: notUs }),
    treeRoots: [host.pid],
    wants: { ancestry: plan.extras.has('ancestry'), cgroup: plan.needsCgroup },
    bufferBytes: plan.bufferBytes,
    readsArgs: plan.args,
    ordered: plan.ordered,
    ...(usage && { usage }),
  });
}

/** Under sudo the command runs without root's rights, unless it is asked to. */
function userFor(host: Host, { as }: RunOptions): string | undefined {
  return as ?? (host.isRoot ? host.env.SUDO_USER : undefined);
}

async function begin(host: Host, operands: readonly string[]): Promise<Child> {
  const [command, ...args] = operands;
  // Node does not even try this one; a shell looks for it and finds nothing.
  if (command === '') throw new Failure('notFound', 'the name of the command is empty');
  try {
    return await host.spawn(command, args);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no such command' : `it cannot be run (${code})`;
    throw new Failure(code === 'ENOENT' ? 'notFound' : 'notExecutable', `${command}: ${why}`);
  }
}

/** Between the end of a process and its event lie microseconds, on a loaded machine milliseconds. */
const PATIENCE_MS = [0, 1, 2, 5, 10, 20, 50, 100, 200] as const;
/** How often to ask whether all is certain again after a loss, and how often at the most: losses may go on and on. */
const UNCERTAIN = { eachMs: 100, times: 30 } as const;

class Run {
  private readonly host: Host;
  private readonly kernel: Kernel;
  private readonly monitor: Monitor;
  private readonly tree: LifeTree;
  /** Told of ends that no record told. */
  timeline: RunTimeline | undefined;
  private onNews: () => void = () => {};

  constructor(host: Host, kernel: Kernel, monitor: Monitor, tree: LifeTree) {
    this.host = host;
    this.kernel = kernel;
    this.monitor = monitor;
    this.tree = tree;
  }

  news(): void {
    this.onNews();
  }

  private sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      this.host.after(milliseconds, resolve);
    });
  }

  /** Processes of the tree whose end was not told although they are no more. */
  private untold(): number[] {
    const { reader } = this.kernel;
    return [...this.tree.alive].filter((pid) => {
      const stat = reader.exists(pid) ? reader.stat(pid) : undefined;
      return stat === undefined ? !reader.exists(pid) : isOver(stat);
    });
  }

  /** The command can be waited for before the kernel has told its end. Waits for what is still to be told. */
  async hearOut(child: Child, waitStatus: number): Promise<void> {
    for (const milliseconds of PATIENCE_MS) {
      this.monitor.wake();
      await this.monitor.settled();
      if (this.untold().length === 0) return;
      await this.sleep(milliseconds);
    }
    for (const pid of this.untold()) {
      const status = pid === child.pid ? waitStatus : this.kernel.reader.zombieStatus(pid);
      this.tree.conclude(pid, status);
      this.timeline?.conclude(pid, status);
    }
  }

  /** Until nothing of the tree is left, or somebody no longer wants to wait. */
  async untilEmpty(signals: Signals): Promise<Cut | undefined> {
    for (let doubts = 0; signals.cut === undefined; ) {
      const isEmpty = this.tree.alive.size === 0;
      if (isEmpty && (this.monitor.isCertain || doubts >= UNCERTAIN.times)) break;
      if (isEmpty) doubts++;
      await new Promise<void>((resolve) => {
        this.onNews = resolve;
        signals.onCut = resolve;
        if (isEmpty) this.host.after(UNCERTAIN.eachMs, resolve);
      });
    }
    return signals.cut;
  }
}

function openRecords(host: Host, plan: Plan): OutputStream {
  if (plan.output === undefined) return host.stderr;
  const output = openOutput(host, plan.output);
  output.onError((code) => host.stderr.write(`procwatch: cannot write ${plan.output}: ${code}\n`));
  return output;
}

/** The title is the command as it was typed, as far as it may be told. */
async function timelineWish(options: RunOptions, operands: readonly string[]): Promise<TimelineWish> {
  const redact = await redactorFor(options.redact);
  const typed = options.noArgs ? operands.slice(0, 1) : operands;
  return {
    file: options.timeline,
    opens: options.open,
    words: options.summary,
    title: redact === undefined ? typed : typed.map(redact),
  };
}

function checkTimeline({ timeline, open }: RunOptions): void {
  if (timeline !== undefined) checkName('--timeline', timeline);
  else if (open) throw new Failure('usage', '--open shows the file of --timeline, and none is given');
}

export async function startRun(host: Host, options: RunOptions, operands: readonly string[]): Promise<Result> {
  if (operands.length === 0)
    throw new Failure('usage', 'no command to run', 'procwatch run [options] COMMAND [ARG...]');
  if (options.summary && options.noSummary)
    throw new Failure('usage', '--summary and --no-summary contradict each other');
  checkTimeline(options);
  const plan = planRun(host, options);
  const kernel = await redacting(await host.kernel(), options.redact);
  const output = openRecords(host, plan);
  const context = {
    wallOffset: kernel.clocks().wallOffset,
    extras: plan.extras,
    userName: (uid: number) => kernel.users.name(uid),
  };
  const make = await FORMATTERS[plan.format]();
  const settings = { colour: plan.colour, columns: plan.columns, screen: () => output.size() };
  const usage = await openUsage(host, kernel, {
    wanted: plan.extras.has('usage') || options.timeline !== undefined,
    isQuiet: !options.usage,
    onlyFailures: false,
  });
  const monitor = monitorOf(host, kernel, plan, usage);
  const tree = new LifeTree(operands);
  const log = new Log(plan, make(context, settings), new Sink(output, plan.queueBytes), tree, host.now());
  const run = new Run(host, kernel, monitor, tree);
  const signals = new Signals(host, kernel);
  try {
    await captureFor(plan, monitor);
    const user = userFor(host, options);
    if (user !== undefined) await host.becomeUser(user, 'nothing');
    const timeline = await RunTimeline.open(host, kernel, await timelineWish(options, operands));
    run.timeline = timeline;
    monitor.start(
      (records) => {
        timeline?.take(records);
        context.wallOffset = kernel.clocks().wallOffset;
        log.take(records, host.now());
        run.news();
      },
      [host.pid],
    );
    const child = await begin(host, operands);
    signals.give(child);
    const waited = await child.ended;
    await run.hearOut(child, waited);
    // Node tells a real-time signal as an exit with 0; the kernel's event does not.
    const status = waited || (tree.firstStatus ?? waited);
    const cut = options.all ? await run.untilEmpty(signals) : undefined;
    monitor.stop();
    if (options.summary || (host.stderr.isTerminal && !options.noSummary)) {
      const colour = plan.output === undefined && plan.colour;
      const width = host.stderr.size()?.width;
      host.stderr.write(log.summary(colour, width) + ((await timeline?.words(width)) ?? ''));
    }
    await timeline?.draw(plan);
    return cut ?? { status: shellStatus(status) };
  } catch (error) {
    // What could not be started left nothing to tell but its own attempt.
    log.mute();
    monitor.stop();
    throw error;
  } finally {
    signals.release();
    await output.flushed();
  }
}
