/**
 * A watch for programs: a request in the words of the command line, the same pipeline, and records as objects for whoever iterates.
 * Touches nothing of the process it runs in but timers and the kernel.
 */
import { useAttempts, useCauses, useFacts } from '../commands/facts.ts';
import { type Meant, meantBy } from '../commands/meant.ts';
import { readOptions, refuseOtherSource, type Typed, WATCH_OPTIONS } from '../commands/options.ts';
import { planWatch } from '../commands/plan.ts';
import { redactorFor, selectionFor } from '../commands/start-watch.ts';
import { monitorOptions } from '../commands/watch.ts';
import { Failure } from '../errors.ts';
import { objectOf } from '../format/json-object.ts';
import type { JsonRecord } from '../format/json-records.ts';
import type { Host, Kernel } from '../host/host.ts';
import { Monitor } from '../pipeline/monitor.ts';
import { RecordQueue } from '../pipeline/record-queue.ts';
import { openStream } from '../pipeline/subscribing.ts';
import type { Watch, WatchRequest } from './watch-request.ts';

/** Nobody's stderr is written to. */
const SILENT = { write() {} };

const QUEUE_RECORDS = 65_536;

/** The members of a request that are options of the command line, with their keys there. */
const OPTION_OF: Readonly<Record<Exclude<keyof WatchRequest, 'signal' | 'queue'>, keyof typeof WATCH_OPTIONS>> = {
  events: 'events',
  threads: 'threads',
  lives: 'lives',
  everyTry: 'everyTry',
  pid: 'pid',
  notPid: 'notPid',
  tree: 'tree',
  notTree: 'notTree',
  followReuse: 'followReuse',
  user: 'user',
  notUser: 'notUser',
  name: 'name',
  notName: 'notName',
  grep: 'grep',
  notGrep: 'notGrep',
  cgroup: 'cgroup',
  notCgroup: 'notCgroup',
  code: 'code',
  notCode: 'notCode',
  killedBy: 'signal',
  notKilledBy: 'notSignal',
  cause: 'cause',
  notCause: 'notCause',
  killer: 'killedBy',
  notKiller: 'notKilledBy',
  full: 'full',
  ancestry: 'ancestry',
  noArgs: 'noArgs',
  redact: 'redact',
  maxArgs: 'maxArgs',
  buffer: 'buffer',
  latency: 'latency',
  source: 'source',
  read: 'read',
  since: 'since',
  until: 'until',
};
const isOption = (name: string): name is keyof typeof OPTION_OF => Object.hasOwn(OPTION_OF, name);

/** A request as if it had been typed, so that everything is read and refused in one place. */
export function typedOf(request: WatchRequest): Typed {
  const typed: Record<string, string[]> = {};
  const { signal: _signal, queue: _queue, ...options } = request;
  for (const [name, value] of Object.entries(options)) {
    if (!isOption(name)) throw new Failure('usage', `watch: there is no option ${JSON.stringify(name)}`);
    if (value === undefined || value === false) continue;
    typed[OPTION_OF[name]] = value === true ? [''] : [value].flat().map(String);
  }
  return typed;
}

export class LiveWatch implements Watch {
  readonly started: Promise<void>;
  private readonly request: WatchRequest;
  private readonly queue: RecordQueue;
  private readonly onAbort = (): void => this.stop();
  private context: Parameters<typeof objectOf>[2] | undefined;
  private monitor: Monitor | undefined;
  private meant: Meant | undefined;
  private stopped = false;
  private sequence = 0;

  /** Throws a Failure for a request that makes no sense; begins at once otherwise. */
  constructor(
    request: WatchRequest,
    host: Pick<Host, 'now' | 'after' | 'random' | 'pid'>,
    loadKernel: () => Promise<Kernel>,
  ) {
    this.request = request;
    this.queue = new RecordQueue(request.queue ?? QUEUE_RECORDS, () => host.now());
    const typed = typedOf(request);
    refuseOtherSource(WATCH_OPTIONS, typed);
    const options = readOptions(WATCH_OPTIONS, typed);
    const plan = planWatch(options, { env: {}, isTerminal: false });
    this.started = loadKernel().then(async (kernel) => {
      const selection = await selectionFor(kernel, options);
      const redact = await redactorFor(options.redact);
      if (this.stopped) return;
      const stream = await openStream(host, kernel, plan);
      const monitor = new Monitor(host, kernel, { ...monitorOptions(plan, selection), stream, redact });
      await useFacts(plan, monitor);
      await useCauses(plan, monitor);
      await useAttempts(plan, monitor);
      if (this.stopped) monitor.stop();
      else {
        // Later: the record of the last end is being told.
        const onOver = (): void => void host.after(0, () => this.stop());
        this.meant = meantBy(plan.meant, { host: { after: host.after, stderr: SILENT }, kernel, onOver }, monitor);
        this.begin(kernel, monitor, plan.extras);
      }
    });
    // Who iterates gets the error there; nobody has to look at `started`.
    this.started.catch(() => {});
    request.signal?.addEventListener('abort', this.onAbort, { once: true });
    if (request.signal?.aborted) this.stop();
  }

  private begin(kernel: Kernel, monitor: Monitor, extras: NonNullable<typeof this.context>['extras']): void {
    const context = {
      wallOffset: kernel.clocks().wallOffset,
      extras,
      userName: (uid: number) => kernel.users.name(uid),
    };
    this.context = context;
    this.monitor = monitor;
    monitor.start((records) => {
      context.wallOffset = kernel.clocks().wallOffset;
      this.queue.push(this.meant?.filter(records) ?? records);
      this.meant?.look();
    });
    this.meant?.start();
  }

  private stop(): void {
    if (this.stopped) return;
    this.stopped = true;
    this.request.signal?.removeEventListener('abort', this.onAbort);
    this.meant?.close();
    this.monitor?.stop();
    this.queue.end();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<JsonRecord, undefined>> {
    await this.started;
    const record = await this.queue.take();
    if (record === undefined || this.context === undefined) return { done: true, value: undefined };
    return { done: false, value: objectOf(record, ++this.sequence, this.context) };
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.stop();
    return { done: true, value: undefined };
  }
}
