/** `procwatch record`: everything that happens, into files that can be read alone, for as long as it takes. */
import { EXIT, type ExitName, Failure } from '../errors.ts';
import { utcTime } from '../format/times.ts';
import { kibInWords } from '../format/usage-in-words.ts';
import type { Host, Kernel, OutputStream } from '../host/host.ts';
import type { EventName } from '../netlink/events.ts';
import { Monitor } from '../pipeline/monitor.ts';
import { plus } from '../process/moment.ts';
import type { Selection } from '../process/select.ts';
import { BLOCK_BYTES, RecordingFile } from '../recording/recording-file.ts';
import { DumpTrigger } from './dump-trigger.ts';
import { openEars } from './ears.ts';
import { usePrograms } from './facts.ts';
import { FileTape } from './file-tape.ts';
import { FlightTape } from './flight-tape.ts';
import { DEFAULT_EVENTS, readOptions, type ValuesOf, WATCH_OPTIONS } from './options.ts';
import { onUnwritten } from './output.ts';
import { type Plan, planWatch } from './plan.ts';
import type { RECORD_OPTIONS } from './record-options.ts';
import { redactorFor, selectionFor } from './start-watch.ts';
import { StatusLine } from './status-line.ts';
import type { Subject, Tape } from './tape.ts';
import { openUsage } from './usage.ts';
import { monitorOptions } from './watch.ts';

type RecordOptions = ValuesOf<typeof RECORD_OPTIONS>;
type Ending = Extract<ExitName, 'ok' | 'output' | 'terminated'>;

const STDOUT = '-';
const PROGRESS_MS = 1000;
/** Looks whether the file is still there, and how old it is, also where nothing happens. */
const CARE_MS = 1000;

function planRecord(host: Host, options: RecordOptions): Plan {
  const asked = options.events.length > 0 ? options.events : DEFAULT_EVENTS;
  const needsCores = options.dumpOn.includes('coredump') && !asked.includes('coredump');
  const events: EventName[] = needsCores ? [...asked, 'coredump'] : [...asked];
  const hasEnds = events.includes('exit') || events.includes('nonzero-exit');
  const own = { events, json: true, meta: true, state: !options.noState, usage: hasEnds && !options.noUsage };
  const place = { env: host.env, isTerminal: false, isRoot: host.isRoot };
  return planWatch({ ...readOptions(WATCH_OPTIONS, {}), ...options, ...own }, place);
}

function refuseContradictions(options: RecordOptions): void {
  const { last, output, rotateSize, rotateTime, keep, dumpOn, to } = options;
  const rotates = rotateSize !== undefined || rotateTime !== undefined;
  if (output === STDOUT && (rotates || last !== undefined))
    throw new Failure('usage', 'stdout is one stream: there are no files to rotate', 'name one with --output FILE');
  if (to.length > 0 && (last !== undefined || output === STDOUT))
    throw new Failure('usage', '--to goes with a file, or alone', 'name a file with --output FILE');
  if (to.length > 0 && rotates && output === undefined)
    throw new Failure('usage', 'there are no files to rotate', 'name one with --output FILE');
  if (keep !== undefined && !rotates && last === undefined)
    throw new Failure('usage', '--keep is about ended files', 'say with --rotate-size or --rotate-time when they end');
  if (last !== undefined && rotates)
    throw new Failure('usage', '--last keeps in memory what --rotate-size and --rotate-time would write');
  const narrows = options.dumpName.length + options.dumpCode.length + options.dumpSignal.length > 0;
  if (last === undefined && (dumpOn.length > 0 || narrows))
    throw new Failure('usage', '--dump-on writes out what --last keeps', 'say how much with --last 10m');
  if (dumpOn.length === 0 && narrows)
    throw new Failure('usage', '--dump-name, --dump-code and --dump-signal narrow --dump-on, which is not given');
}

/** `procwatch-lovelace-20261127T030000Z.jsonl.gz` */
function defaultName(host: Host, kernel: Kernel): string {
  const wall = utcTime(plus(host.now(), kernel.clocks().wallOffset));
  const time = `${wall.slice(0, 'YYYY-MM-DDTHH:MM:SS'.length).replace(/[-:]/g, '')}Z`;
  return `procwatch-${host.identity().host.replace(/[^\w.-]/g, '_')}-${time}.jsonl.gz`;
}

/** One line in place on a terminal, nothing elsewhere. */
function showProgress(host: Host, line: StatusLine, tape: Tape): { cancel(): void } {
  if (!line.isTerminal) return { cancel() {} };
  let before = 0;
  let timer: { cancel(): void };
  const show = (): void => {
    const { events, lost } = tape.progress();
    const rate = events - before;
    before = events;
    const many = (count: number): string => count.toLocaleString('en-US');
    line.show(`${many(events)} events, ${many(rate)}/s, ${kibInWords(tape.kept / 1024)}, ${many(lost)} lost`);
    timer = host.after(PROGRESS_MS, show);
  };
  timer = host.after(PROGRESS_MS, show);
  return {
    cancel() {
      timer.cancel();
      line.show('');
    },
  };
}

async function triggerFor(options: RecordOptions): Promise<DumpTrigger> {
  const { dumpOn, dumpName, dumpCode, dumpSignal, dumpEvery } = options;
  const compile = dumpName.length === 0 ? undefined : (await import('../process/patterns.ts')).globMatcher;
  return new DumpTrigger({
    on: dumpOn,
    names: compile === undefined ? [] : dumpName.map(compile),
    codes: dumpCode,
    signals: dumpSignal,
    everySeconds: dumpEvery / 1000,
  });
}

type AnyTape = FileTape | FlightTape;

/** Where records go, as the options say. */
async function openTape(
  subject: Subject,
  options: RecordOptions,
  trigger: DumpTrigger,
  tell: (text: string) => void,
): Promise<AnyTape> {
  const { host, kernel, plan } = subject;
  const { last, keep, rotateSize } = options;
  const isFar = plan.far.to.length > 0;
  if (options.output === undefined && isFar) {
    return new FileTape(subject, options, await (await import('./far-output.ts')).openFar(host, plan), undefined);
  }
  const path = options.output ?? defaultName(host, kernel);
  if (options.output === undefined) {
    tell(`procwatch: ${last === undefined ? 'recording to' : 'will write to'} ${path}\n`);
  }
  if (last !== undefined) return new FlightTape(subject, { last, keep, path, trigger, tell });
  if (path === STDOUT) return new FileTape(subject, options, host.stdout, undefined);
  const seconds = (): number => plus(host.now(), kernel.clocks().wallOffset).seconds;
  // A file that is to be small is not to be one block.
  const blockBytes = Math.min(BLOCK_BYTES, rotateSize ?? BLOCK_BYTES);
  const file = new RecordingFile(host, { path, keep, blockBytes, seconds, tell });
  return new FileTape(subject, options, isFar ? await withEngines(host, plan, file) : file, file);
}

/** The file has everything; engines get the same records, as far as they can be reached. */
async function withEngines(host: Host, plan: Plan, file: RecordingFile): Promise<OutputStream> {
  const [{ openEngines }, { Tee }] = await Promise.all([import('./far-output.ts'), import('../nats/nats-output.ts')]);
  return new Tee([file, ...(await openEngines(host, plan))], [file]);
}

interface Listening {
  readonly monitor: Monitor;
  readonly selection: Selection;
}

/** Hears from now on, for nobody yet. */
async function hear(host: Host, kernel: Kernel, plan: Plan, options: RecordOptions): Promise<Listening> {
  const selection = await selectionFor(kernel, { ...readOptions(WATCH_OPTIONS, {}), ...options });
  const redact = await redactorFor(options.redact);
  const { onlyFailures } = plan.hearing;
  const usage = await openUsage(host, kernel, { wanted: plan.extras.has('usage'), isQuiet: true, onlyFailures });
  const stream = await openEars(host, kernel, plan);
  const wishes = { ...monitorOptions(plan, selection), stream, redact, ...(usage && { usage }) };
  const monitor = new Monitor(host, kernel, wishes);
  return { monitor, selection };
}

/** From the first record to the last. */
async function record(host: Host, options: RecordOptions, tape: AnyTape, line: StatusLine, subject: Subject) {
  const { monitor, kernel } = subject;
  let finish: (ending: Ending) => void = () => {};
  const ended = new Promise<Ending>((resolve) => {
    finish = resolve;
  });
  const at = host.now();
  monitor.start((records) => {
    tape.context.wallOffset = kernel.clocks().wallOffset;
    tape.take(records);
  });
  tape.begin(at);
  const listeners = listen(host, options, tape, finish);
  if (options.output === STDOUT) onUnwritten(host, host.stdout, finish);
  const progress = showProgress(host, line, tape);
  const ending = await ended;
  await monitor.settled();
  monitor.stop();
  progress.cancel();
  await tape.end(ending);
  for (const listener of listeners) listener.cancel();
  return ending;
}

export async function startRecord(host: Host, options: RecordOptions): Promise<ExitName> {
  refuseContradictions(options);
  const plan = planRecord(host, options);
  const trigger = await triggerFor(options);
  const kernel = await host.kernel();
  const line = new StatusLine(host.stderr);
  const { monitor, selection } = await hear(host, kernel, plan, options);
  // Whatever goes wrong from here on: the kernel must not go on building events for nobody.
  const leaving = host.atExit(() => monitor.stream.close());
  try {
    const programs = await usePrograms(plan, monitor);
    // Files that are made later must be of the same owner as the first.
    if (plan.becomes !== undefined) await host.becomeUser(plan.becomes, 'seeing others');
    const subject: Subject = { host, kernel, plan, monitor, selection, programs };
    const tape = await openTape(subject, options, trigger, (text) => line.write(text));
    const ending = await record(host, options, tape, line, subject);
    return ending === 'ok' && tape.isUnwritten ? 'output' : ending;
  } catch (error) {
    monitor.stop();
    throw error;
  } finally {
    leaving.cancel();
  }
}

/** Signals, the end of the time given, and what has to be seen to. */
function listen(
  host: Host,
  { duration }: RecordOptions,
  tape: AnyTape,
  finish: (ending: Ending) => void,
): { cancel(): void }[] {
  let interrupts = 0;
  let care: { cancel(): void };
  const look = (): void => {
    tape.care();
    if (tape instanceof FileTape) tape.lookAfter();
    care = host.after(CARE_MS, look);
  };
  care = host.after(CARE_MS, look);
  return [
    host.onSignal('SIGINT', () => (++interrupts > 1 ? host.abort(EXIT.interrupted.code) : finish('ok'))),
    host.onSignal('SIGTERM', () => finish('terminated')),
    host.onSignal('SIGHUP', () => tape instanceof FileTape && tape.reopen()),
    host.onSignal('SIGUSR1', () => tape instanceof FlightTape && tape.dumpNow('SIGUSR1')),
    ...(duration === undefined ? [] : [host.after(duration, () => finish('ok'))]),
    { cancel: () => care.cancel() },
  ];
}
