/** `procwatch run`: a command with all its descendants under watch; its own status is the command's. */
import { type End, EXIT, exitCodeOf, Failure, type Result } from '../errors.ts';
import { escapeText } from '../format/escape.ts';
import { FORMATTERS } from '../format/formats.ts';
import { LifeTree } from '../format/life-tree.ts';
import type { Host, Kernel, OutputStream } from '../host/host.ts';
import type { WireEvent } from '../netlink/events.ts';
import { Monitor } from '../pipeline/monitor.ts';
import { Sink } from '../pipeline/sink.ts';
import type { StreamRecord } from '../process/record.ts';
import type { Redact } from '../process/redact.ts';
import { SELECT_ALL, Selector } from '../process/select.ts';
import { outcomeOf, shellStatus } from '../process/wait-status.ts';
import type { UsageSource } from '../usage/usage-source.ts';
import { checkName } from './drawn-file.ts';
import { openEars } from './ears.ts';
import { attemptsRefused, useCauses, useFacts } from './facts.ts';
import { readOptions, type ValuesOf, WATCH_OPTIONS } from './options.ts';
import { openRecordOutput } from './output.ts';
import { type Plan, planWatch } from './plan.ts';
import { HeldBirth } from './run-birth.ts';
import { becomeUserFor, begin } from './run-command.ts';
import { SIGKILL, TimeLimit } from './run-limit.ts';
import { Log } from './run-log.ts';
import type { RUN_OPTIONS } from './run-options.ts';
import { Rest } from './run-rest.ts';
import { Signals } from './run-signals.ts';
import { RunTimeline, type TimelineWish } from './run-timeline.ts';
import { CommandTree } from './run-tree.ts';
import { redactorFor } from './start-watch.ts';
import { StatusLine } from './status-line.ts';
import { openUsage } from './usage.ts';

type RunOptions = ValuesOf<typeof RUN_OPTIONS>;

/** The tree is our own: what procwatch gives birth to, and all that comes of it. */
function planRun(host: Host, options: RunOptions): Plan {
  const isElsewhere = options.output !== undefined || options.to.length > 0;
  const place = { env: host.env, isTerminal: !isElsewhere && host.stderr.isTerminal };
  const { usage, timeline, events } = options;
  const hasEnds = events.length === 0 || events.includes('exit') || events.includes('nonzero-exit');
  const implied = timeline !== undefined && hasEnds;
  const own = { signal: [], usage: usage || implied, tree: [host.pid] };
  return planWatch({ ...readOptions(WATCH_OPTIONS, {}), ...options, ...own }, place);
}

const isOfLife = ({ kind, tid, tgid }: WireEvent): boolean =>
  tid === tgid && (kind === 'fork' || kind === 'exec' || kind === 'exit');

interface Ears {
  readonly usage: UsageSource | undefined;
  readonly redact: Redact | undefined;
}

async function monitorOf(host: Host, kernel: Kernel, plan: Plan, { usage, redact }: Ears): Promise<Monitor> {
  const stream = await openEars(host, kernel, plan);
  const self = stream.foreign?.self ?? host.pid;
  const tree = { wanted: [self], unwanted: [] };
  const notUs = { wanted: [], unwanted: [self] };
  return new Monitor(host, kernel, {
    stream,
    hearing: plan.hearing,
    // Births, programs and ends are needed for the tree, whatever is printed.
    shows: (event) => isOfLife(event) || plan.shows(event),
    threads: plan.threads,
    infers: { ends: true, finds: true, execs: true },
    selector: new Selector({ ...SELECT_ALL, tree, pid: notUs }),
    treeRoots: [self],
    wants: { ancestry: plan.extras.has('ancestry'), cgroup: plan.needsCgroup },
    bufferBytes: plan.bufferBytes,
    readsArgs: plan.args,
    maxArgs: plan.maxArgs,
    ordered: plan.ordered,
    redact,
    ...(usage && { usage }),
  });
}

/** Where nothing can be heard the command runs all the same: nobody's script shall break because of us. */
async function monitorIfAny(
  host: Host,
  kernel: Kernel,
  plan: Plan,
  ears: Ears,
  { requireEvents, all, allTimeout }: RunOptions,
): Promise<Monitor | undefined> {
  try {
    return await monitorOf(host, kernel, plan, ears);
  } catch (error) {
    ears.usage?.close(() => {});
    if (!(error instanceof Failure) || error.exit === 'usage' || requireEvents) throw error;
    const alone = all || allTimeout !== undefined ? ', and it alone is waited for' : '';
    host.stderr.write(`procwatch: nothing of the command can be shown${alone}: ${escapeText(error.message)}\n`);
    return undefined;
  }
}

/** For the same reason what was asked for by name is missing with a word, and is a failure for who says that it must be there. */
async function useAttemptsIfAny(
  host: Host,
  plan: Plan,
  monitor: Monitor,
  { requireEvents }: RunOptions,
): Promise<void> {
  const reason = await attemptsRefused(plan, monitor);
  if (reason === undefined) return;
  if (requireEvents) throw reason;
  host.stderr.write(`procwatch: ${escapeText(reason.message)}\n`);
}

/** Where records go: to stderr, unless it is said. */
async function openRecords(host: Host, plan: Plan, stderr: OutputStream): Promise<OutputStream> {
  const output = await openRecordOutput(host, plan, stderr);
  const place = plan.output ?? plan.far.to[0]?.text;
  if (output !== stderr) output.onError((code) => stderr.write(`procwatch: cannot write ${place}: ${code}\n`));
  return output;
}

/** The command as it was typed, as far as it may be told. */
function typedCommand({ noArgs }: RunOptions, operands: readonly string[], redact: Redact | undefined) {
  const typed = noArgs ? operands.slice(0, 1) : operands;
  return redact === undefined ? typed : redact.args(typed);
}

const timelineWish = ({ timeline, open, summary }: RunOptions, title: TimelineWish['title']): TimelineWish => ({
  file: timeline,
  opens: open,
  words: summary,
  title,
});

function checkTimeline({ timeline, open }: RunOptions): void {
  if (timeline !== undefined) checkName('--timeline', timeline);
  else if (open) throw new Failure('usage', '--open shows the file of --timeline, and none is given');
}

function refuseContradictions(operands: readonly string[], options: RunOptions): void {
  if (operands.length === 0)
    throw new Failure('usage', 'no command to run', 'procwatch run [options] COMMAND [ARG...]');
  if (options.summary && options.noSummary)
    throw new Failure('usage', '--summary and --no-summary contradict each other');
  if (options.all && options.killLeft && options.allTimeout === undefined)
    throw new Failure('usage', '--all waits for what --kill-left would end', 'say with --all-timeout how long');
  checkTimeline(options);
}

/** As the command has ended, unless somebody or the time given has ended it, or the waiting for what it left. */
function endOf(waitStatus: number, cut: number | undefined, limit: TimeLimit, { exitCode }: RunOptions): End {
  const outcome = outcomeOf(waitStatus);
  const signal = cut ?? (outcome.kind === 'signal' ? outcome.number : undefined);
  const isKilled = limit.ending.sent === SIGKILL && signal === SIGKILL;
  if (cut === undefined && limit.isOver && !isKilled) return { status: EXIT.timeout.code };
  if (signal !== undefined) return exitCode ? { status: exitCodeOf({ signal }) } : { signal };
  return { status: shellStatus(waitStatus) };
}

/** What hears of the command, and tells it. */
async function openTelling(host: Host, kernel: Kernel, plan: Plan, options: RunOptions, operands: readonly string[]) {
  const stderr = new StatusLine(host.stderr);
  const output = await openRecords(host, plan, stderr);
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
  const usage = await openUsage(host, kernel, {
    wanted: plan.extras.has('usage') || options.timeline !== undefined,
    isQuiet: !options.usage,
    onlyFailures: false,
  });
  const redact = await redactorFor(options.redact);
  const monitor = await monitorIfAny(host, kernel, plan, { usage, redact }, options);
  const typed = typedCommand(options, operands, redact);
  const lives = new LifeTree(options.noArgs ? undefined : typed);
  const log = new Log(plan, formatter, new Sink(output, plan.queueBytes), lives, host.now());
  return {
    stderr,
    monitor,
    lives,
    log,
    typed,
    tree: new CommandTree(host, kernel, monitor, lives),
    take(records: readonly StreamRecord[]): void {
      context.wallOffset = kernel.clocks().wallOffset;
      log.take(records, host.now());
    },
    flushed: async () => {
      await Promise.all([output.flushed(), stderr.flushed()]);
    },
  };
}

export async function startRun(host: Host, options: RunOptions, operands: readonly string[]): Promise<Result> {
  refuseContradictions(operands, options);
  await host.standAside();
  const plan = planRun(host, options);
  const kernel = await host.kernel();
  const telling = await openTelling(host, kernel, plan, options, operands);
  const { stderr, monitor, lives, log, typed, tree } = telling;
  const draws = monitor !== undefined && (options.summary || (stderr.isTerminal && !options.noSummary));
  const signals = new Signals(host, kernel);
  let rest: Rest | undefined;
  let timeline: RunTimeline | undefined;
  try {
    // Where nothing is shown nobody needs the arguments.
    const isShown = draws || !plan.quiet || options.timeline !== undefined;
    if (monitor !== undefined && (isShown || plan.argvSource === 'bpf')) await useFacts(plan, monitor);
    if (monitor !== undefined && isShown) await useCauses({ explains: 'shown' }, monitor);
    if (monitor !== undefined) await useAttemptsIfAny(host, plan, monitor, options);
    await becomeUserFor(host, options.as);
    timeline = await RunTimeline.open(host, kernel, timelineWish(options, typed));
    const foreign = monitor?.stream.foreign;
    const self = foreign?.self ?? host.pid;
    const birth = foreign && new HeldBirth(self);
    const hear = (records: readonly StreamRecord[]): void => {
      if (birth?.holds(records)) return;
      timeline?.take(records);
      telling.take(records);
      rest?.news();
    };
    monitor?.start(hear, [self]);
    const child = await begin(host, operands);
    if (birth !== undefined) monitor?.wake();
    const { pid, records } = birth?.end() ?? { pid: child.pid, records: [] };
    if (pid !== undefined) log.begin(pid, self);
    tree.begin(child, foreign && { pid, proc: foreign.proc });
    if (records.length > 0) hear(records);
    signals.give(child);
    const limit = new TimeLimit(host, tree, options);
    rest = new Rest(host, tree, limit, signals, stderr);
    const waited = await child.ended;
    for (const { pid, waitStatus } of await tree.hearOut(waited)) {
      lives.conclude(pid, waitStatus);
      timeline?.conclude(pid, waitStatus);
    }
    // Where nobody but the kernel could wait for it, the kernel's event has the status.
    const status = waited || (lives.firstStatus ?? waited);
    await rest.end(options);
    limit.cancel();
    monitor?.stop();
    const width = stderr.size()?.width;
    if (draws) {
      const drawn = log.summary(plan.output === undefined && plan.colour, width);
      stderr.write(drawn + ((await timeline?.words(width)) ?? ''));
    }
    const { firstDeath } = lives;
    if (firstDeath !== undefined) stderr.write(`procwatch: ${firstDeath}\n`);
    await timeline?.draw(plan);
    await Promise.race([telling.flushed(), signals.enough()]);
    return endOf(status, signals.cut, limit, options);
  } catch (error) {
    // What could not be started left nothing to tell but its own attempt.
    log.mute();
    timeline?.abandon();
    monitor?.stop();
    await telling.flushed();
    throw error;
  } finally {
    signals.release();
  }
}
