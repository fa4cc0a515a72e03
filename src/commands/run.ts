/** `procwatch run`: a command with all its descendants under watch; its own status is the command's. */
import { Failure, type Result } from '../errors.ts';
import { FORMATTERS } from '../format/formats.ts';
import type { Formatter } from '../format/formatter.ts';
import { LifeTree } from '../format/life-tree.ts';
import type { Child, Host, Kernel, OutputStream } from '../host.ts';
import { Monitor } from '../monitor.ts';
import type { WireEvent } from '../netlink/events.ts';
import type { ProcessRecord, StreamRecord } from '../process/record.ts';
import { SELECT_ALL, Selector } from '../process/select.ts';
import { shellStatus } from '../process/wait-status.ts';
import { readOptions, type ValuesOf, WATCH_OPTIONS } from './options.ts';
import { openOutput } from './output.ts';
import { type Plan, planWatch } from './plan.ts';
import type { RUN_OPTIONS } from './run-options.ts';

type RunOptions = ValuesOf<typeof RUN_OPTIONS>;

/** The tree is our own: what procwatch gives birth to, and all that comes of it. */
function planRun(host: Host, options: RunOptions): Plan {
  const place = { env: host.env, isTerminal: options.output === undefined && host.stderr.isTerminal };
  return planWatch({ ...readOptions(WATCH_OPTIONS, {}), ...options, tree: [host.pid] }, place);
}

const isOfLife = ({ kind, tid, tgid }: WireEvent): boolean =>
  tid === tgid && (kind === 'fork' || kind === 'exec' || kind === 'exit');

function monitorOf(host: Host, kernel: Kernel, plan: Plan): Monitor {
  const tree = { wanted: [host.pid], unwanted: [] };
  const notUs = { wanted: [], unwanted: [host.pid] };
  return new Monitor(host, kernel, {
    hearing: plan.hearing,
    // Births, programs and ends are needed for the tree, whatever is printed.
    shows: (event) => isOfLife(event) || plan.shows(event),
    threads: plan.threads,
    infers: { ends: true, finds: true },
    selector: new Selector({ ...SELECT_ALL, tree, pid: notUs }),
    treeRoots: [host.pid],
    wants: { ancestry: plan.extras.has('ancestry'), cgroup: plan.needsCgroup },
    bufferBytes: plan.bufferBytes,
    ordered: plan.ordered,
  });
}

/** Whether a record that may be there only for the tree was asked for. */
function isPrinted({ events, quiet }: Plan, record: StreamRecord): boolean {
  if (quiet) return false;
  if (!('pid' in record)) return true;
  if (record.event === 'found') return true;
  if (record.event !== 'exit') return events.includes(record.event);
  return events.includes('exit') || (events.includes('nonzero-exit') && record.exit?.waitStatus !== 0);
}

/** Under sudo the command runs without root's rights, unless it is asked to. */
function userFor(host: Host, { as }: RunOptions): string | undefined {
  return as ?? (host.isRoot ? host.env.SUDO_USER : undefined);
}

async function begin(host: Host, monitor: Monitor, operands: readonly string[]): Promise<Child> {
  const [command, ...args] = operands;
  try {
    const starting = host.spawn(command, args);
    monitor.wake();
    return await starting;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no such command' : `it cannot be run (${code})`;
    throw new Failure(code === 'ENOENT' ? 'notFound' : 'notExecutable', `${command}: ${why}`);
  }
}

/**
 * Signals behave as if the command ran alone. Those of the keyboard reach it by themselves, since it shares our process group: we only
 * have to survive them. Those sent to us alone are passed on.
 */
function passSignals(host: Host, child: Child): () => void {
  const toChild = (signal: 'SIGTERM' | 'SIGHUP' | 'SIGUSR1' | 'SIGUSR2') =>
    host.onSignal(signal, () => child.kill(signal));
  const listeners = [
    ...(['SIGINT', 'SIGQUIT'] as const).map((signal) =>
      host.onSignal(signal, () => {
        if (!host.isForeground()) child.kill(signal);
      }),
    ),
    toChild('SIGTERM'),
    toChild('SIGHUP'),
    toChild('SIGUSR1'),
    toChild('SIGUSR2'),
    host.onSignal('SIGTSTP', () => {
      child.kill('SIGTSTP');
      host.stopSelf();
    }),
    host.onSignal('SIGCONT', () => child.kill('SIGCONT')),
  ];
  return () => {
    for (const listener of listeners) listener.cancel();
  };
}

function openRecords(host: Host, plan: Plan): OutputStream {
  return plan.output === undefined ? host.stderr : openOutput(host, plan.output);
}

export async function startRun(host: Host, options: RunOptions, operands: readonly string[]): Promise<Result> {
  if (operands.length === 0)
    throw new Failure('usage', 'no command to run', 'procwatch run [options] COMMAND [ARG...]');
  if (options.summary && options.noSummary)
    throw new Failure('usage', '--summary and --no-summary contradict each other');
  const plan = planRun(host, options);
  const kernel = await host.kernel();
  const output = openRecords(host, plan);
  const monitor = monitorOf(host, kernel, plan);
  try {
    const user = userFor(host, options);
    if (user !== undefined) await host.becomeUser(user);
    const context = {
      wallOffset: kernel.clocks().wallOffset,
      extras: plan.extras,
      userName: (uid: number) => kernel.users.name(uid),
    };
    const make = await FORMATTERS[plan.format]();
    const formatter: Formatter = make(context, {
      colour: plan.colour,
      columns: plan.columns,
      screen: () => output.size(),
    });
    if (!plan.quiet) output.write(formatter.header?.() ?? '');

    const tree = new LifeTree();
    let whenEmpty: () => void = () => {};
    monitor.start(
      (records) => {
        context.wallOffset = kernel.clocks().wallOffset;
        let text = '';
        for (const record of records) {
          if ('pid' in record) tree.add(record as ProcessRecord);
          if (isPrinted(plan, record)) text += formatter.format(record);
        }
        if (text !== '') output.write(text);
        if (tree.alive === 0) whenEmpty();
      },
      [host.pid],
    );

    const child = await begin(host, monitor, operands);
    const stopPassing = passSignals(host, child);
    const waitStatus = await child.ended;
    monitor.wake();
    if (options.all && tree.alive > 0) {
      await new Promise<void>((resolve) => {
        whenEmpty = resolve;
      });
    }
    stopPassing();
    monitor.stop();
    if (options.summary || (host.stderr.isTerminal && !options.noSummary)) {
      const colour = plan.output === undefined ? plan.colour : false;
      host.stderr.write(tree.render({ colour, width: host.stderr.size()?.width }));
    }
    await output.flushed();
    return { status: shellStatus(waitStatus) };
  } catch (error) {
    monitor.stop();
    throw error;
  }
}
