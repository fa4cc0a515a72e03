/** `procwatch ps`: all processes, or some, with chosen groups of facts, at one moment. */
import { type ExitName, Failure } from '../errors.ts';
import type { Host, SnapshotKernel } from '../host/host.ts';
import type { Text } from '../process/text.ts';
import { dumpClocks } from '../ps/dump-clocks.ts';
import type { TaskContext } from '../ps/fields.ts';
import { type PsPlan, planPs } from '../ps/plan.ts';
import { discreetDump, discreetReader } from '../ps/redact.ts';
import { asJson, asTable, asTree } from '../ps/render.ts';
import { snapshot } from '../ps/snapshot.ts';
import { sorted } from '../ps/sort.ts';
import type { KernelDump, Task } from '../ps/task.ts';
import { readOptions, type ValuesOf, WATCH_OPTIONS } from './options.ts';
import { onUnwritten, openOutput } from './output.ts';
import { colourFor } from './plan.ts';
import type { PS_OPTIONS } from './ps-options.ts';
import { redactorFor, selectionFor } from './start-watch.ts';

type PsOptions = ValuesOf<typeof PS_OPTIONS>;

/** Asked for by name, the walk in the kernel is there or its absence is a failure; otherwise /proc tells the same, later. */
function openDump(kernel: SnapshotKernel, source: PsOptions['source'], plan: PsPlan): KernelDump | undefined {
  // A few by their numbers are read sooner than the walk is set up.
  const isQuick = plan.only !== undefined && plan.only.length <= QUICK_PIDS;
  if (source === 'proc' || (source === 'auto' && isQuick)) return undefined;
  const opened = kernel.openDump(plan.dump);
  if (!('reason' in opened)) return opened;
  if (source === 'auto') return undefined;
  throw new Failure('permission', `--source bpf: ${opened.reason}`, '--source proc tells the same, read from /proc');
}

const QUICK_PIDS = 100;

/** The system's databases may have to be asked, which takes time: done before anything is printed. */
async function userNames(kernel: SnapshotKernel, tasks: readonly Task[]): Promise<TaskContext['userName']> {
  const uids = new Set(tasks.flatMap(({ uid }) => uid ?? []));
  const asked = [...uids].map(
    async (uid): Promise<[number, Text | undefined]> => [uid, await kernel.users.nameSoon(uid)],
  );
  const names = new Map(await Promise.all(asked));
  return (uid) => names.get(uid);
}

async function contextOf(kernel: SnapshotKernel, plan: PsPlan, tasks: readonly Task[]): Promise<TaskContext> {
  const showsUser = [...plan.fields, ...(plan.sorting === undefined ? [] : [plan.sorting.field])].some(
    ({ name }) => name === 'user',
  );
  return {
    ...dumpClocks(kernel.clocks()),
    userName: showsUser ? await userNames(kernel, tasks) : () => undefined,
  };
}

export function render(
  plan: PsPlan,
  tasks: readonly Task[],
  context: TaskContext,
  colour: boolean,
  width: number | undefined,
) {
  const { format, fields, sorting } = plan;
  const inOrder = sorted(tasks, sorting, context);
  if (format === 'json') return asJson(inOrder, context, fields);
  return (format === 'pretty' ? asTree : asTable)(inOrder, context, { fields, colour, width });
}

export async function runPs(host: Host, options: PsOptions): Promise<ExitName> {
  const kernel = await host.snapshotKernel();
  const { format: _, columns: __, show: ___, source, ...shared } = options;
  const selection = await selectionFor(kernel, { ...readOptions(WATCH_OPTIONS, {}), ...shared });
  const isTerminal = options.output === undefined && host.stdout.isTerminal;
  const plan = planPs(options, selection, isTerminal);
  const redact = await redactorFor(options.redact);
  const reader = discreetReader(kernel.reader(plan.threads), redact);
  const dump = discreetDump(openDump(kernel, source, plan), redact);
  const tasks = snapshot(plan, selection, { dump, reader });
  dump?.close();
  if (tasks.length === 0 && dump === undefined && reader.pids().length === 0) {
    throw new Failure(
      'unavailable',
      'there is no /proc here, which is where processes are read',
      'mount it: mount -t proc proc /proc',
    );
  }
  const missing = plan.named.filter((pid) => !reader.exists(pid));
  const context = await contextOf(kernel, plan, tasks);
  const output = options.output === undefined ? host.stdout : openOutput(host, options.output);
  let isWritten = true;
  onUnwritten(host, output, (as) => {
    if (as === 'output') isWritten = false;
  });
  const width = isTerminal ? host.stdout.size()?.width : undefined;
  output.write(render(plan, tasks, context, colourFor(options.color, { env: host.env, isTerminal }), width));
  await output.flushed();
  if (!isWritten) return 'output';
  for (const pid of missing) host.stderr.write(`procwatch: there is no process ${pid}\n`);
  return missing.length > 0 ? 'notFound' : 'ok';
}
