/**
 * From what was typed to what it means here: every default and every *auto* is resolved once, and contradictions are refused before
 * anything runs. Pure but for the questions it asks the host about its streams.
 */
import { Failure } from '../errors.ts';
import { columnsFor, SPARE_COLUMNS } from '../format/columns.ts';
import type { Extra, Field } from '../format/field.ts';
import { fieldNamed } from '../format/fields.ts';
import type { FormatName } from '../format/formats.ts';
import { type EventName, isHeard, isInRing, kindOf, type WireEvent, type WireKind } from '../netlink/events.ts';
import type { Hearing, Scope } from '../netlink/filter.ts';
import type { FactPlan } from '../pipeline/monitor.ts';
import { untold } from '../pipeline/no-stream.ts';
import type { StreamWish } from '../pipeline/subscribing.ts';
import type { Choice, Selection } from '../process/select.ts';
import type { Infers } from '../process/tracker.ts';
import type { Wanted } from './meant.ts';
import { DEFAULT_EVENTS, END_OPTIONS, type WatchOptions } from './options.ts';
import { ringPlanFor } from './ring-plan.ts';

/** What the plan must know about the place it runs in. */
export interface Place {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether records go to a terminal. */
  readonly isTerminal: boolean;
  readonly isRoot?: boolean;
}

export interface Plan extends StreamWish {
  readonly events: readonly EventName[];
  /** What programs in the kernel tell beside the connector, and what is heard then; the first that can be had counts. */
  readonly facts: readonly FactPlan[];
  /** Whether it is to be told why processes end: `needed` where nothing could be shown without. */
  readonly explains: 'unwanted' | 'shown' | 'needed';
  /** Which programs could not be run, where that was asked for: each try, or walks along PATH as one. */
  readonly attempts: 'unwanted' | 'walks' | 'every try';
  readonly shows: (event: WireEvent) => boolean;
  readonly threads: boolean;
  /** Which conclusions of a rescan become records. */
  readonly infers: Infers;
  readonly format: FormatName;
  readonly colour: boolean;
  readonly columns: readonly Field[];
  /** Those that a narrow window may go without, the first first; none that was asked for. */
  readonly spareColumns: readonly string[];
  readonly meta: boolean;
  /** First who is there already. */
  readonly state: boolean;
  readonly extras: ReadonlySet<Extra>;
  /** The control group is needed, shown or not. */
  readonly needsCgroup: boolean;
  readonly summary: boolean;
  readonly quiet: boolean;
  readonly count: number | undefined;
  readonly durationMs: number | undefined;
  readonly output: string | undefined;
  readonly far: FarPlan;
  /** What is in the file stays. */
  readonly appends: boolean;
  readonly queueBytes: number;
  readonly bufferWasAsked: boolean;
  readonly argvSource: WatchOptions['argvSource'];
  /** Whether arguments may be known at all. */
  readonly args: boolean;
  /** Bytes of arguments that are told of a process. */
  readonly maxArgs: number | undefined;
  /** Whose end is the end of the watch. */
  readonly meant: Wanted | undefined;
  /** The user to become after set-up. */
  readonly becomes: string | undefined;
  readonly failOnLoss: boolean;
  readonly ordered: boolean;
  /** How long an event may wait for others where nothing is lost by that. */
  readonly latencyMs: number;
}

/** Engines to send records to, and who we are there. */
export type FarPlan = Pick<WatchOptions, 'to' | 'hostName' | 'natsCreds' | 'natsCa'>;

/** A person sees no delay below the one; whoever reads the other has the kernel's times. */
const LATENCY_MS = { terminal: 50, elsewhere: 100 } as const;

export const DEFAULT_BUFFER_BYTES = 64 * 2 ** 20;

export function planWatch(options: WatchOptions, place: Place): Plan {
  if (options.json && options.format !== undefined && options.format !== 'json') {
    throw new Failure('usage', `--json and --format ${options.format} contradict each other`);
  }
  if (options.to.length > 0 && (options.format ?? 'json') !== 'json') {
    throw new Failure('usage', `what --to sends is JSON, and --format ${options.format} is not`);
  }
  const format = options.json || options.to.length > 0 ? 'json' : (options.format ?? 'pretty');
  if (options.columns !== undefined && format !== 'table') {
    throw new Failure('usage', '--columns is for the table format', 'add --format table');
  }
  if (options.state && format !== 'json') {
    throw new Failure('usage', '--state is for JSON: it is for whoever reads the records later', 'add --json');
  }
  const events = shownEvents(options);
  refuseWithoutEnds(events, options);
  const columns = (options.columns ?? columnsFor(events, options.usage)).flatMap((name) => fieldNamed(name) ?? []);
  const extras = extrasFor(options, columns);
  if (extras.has('usage') && !events.some(isEnd)) {
    throw new Failure('usage', 'usage is told with exits, and none are asked for', 'add exit to --events');
  }
  const listening = listeningFor(heardEvents(events, options), options);
  return {
    events,
    ...listening,
    source: sourceFor(events, options),
    ring: ringPlanFor(events, listening, options),
    explains: explainingFor(events, options, format, columns),
    attempts: attemptsFor(events, options),
    shows: showing(events, options.threads),
    threads: options.threads,
    infers: {
      ends: events.includes('exit'),
      finds: events.includes('fork') || events.includes('exec'),
      execs: events.includes('exec'),
    },
    format,
    colour: colourFor(options.color, place),
    columns,
    spareColumns: options.columns === undefined ? SPARE_COLUMNS : [],
    // Whose records they are, and how they end, is asked for by who reads those of many.
    meta: options.meta || options.to.length > 0,
    state: options.state,
    extras,
    needsCgroup: extras.has('cgroup') || options.cgroup.length + options.notCgroup.length > 0,
    summary: options.summary,
    quiet: options.quiet,
    count: options.count,
    durationMs: options.duration,
    output: options.output,
    far: options,
    appends: options.append,
    queueBytes: options.queue,
    bufferBytes: options.buffer ?? DEFAULT_BUFFER_BYTES,
    bufferWasAsked: options.buffer !== undefined,
    argvSource: options.argvSource,
    args: !options.noArgs,
    maxArgs: options.maxArgs,
    meant: meantBy(options),
    becomes: becomesFor(options, place),
    failOnLoss: options.failOnLoss,
    ordered: !options.noOrder,
    latencyMs: options.latency ?? (place.isTerminal ? LATENCY_MS.terminal : LATENCY_MS.elsewhere),
  };
}

/** Programs in the kernel alone cannot tell all events, and must be wanted. */
function sourceFor(events: readonly EventName[], { source, argvSource }: WatchOptions): Plan['source'] {
  if (source !== 'bpf') return source;
  const names = events.filter((name) => !isInRing(name));
  if (names.length > 0) throw untold(names, undefined);
  if (argvSource === 'proc') throw new Failure('usage', '--source bpf and --argv-source proc contradict each other');
  return source;
}

/** Whoever sees no cause does without the programs that tell it. */
function explainingFor(
  events: readonly EventName[],
  options: WatchOptions,
  format: FormatName,
  columns: readonly Field[],
): Plan['explains'] {
  const { cause, notCause, killedBy, notKilledBy, quiet, summary } = options;
  if (isAsked(cause, notCause, killedBy, notKilledBy)) return 'needed';
  if (!events.some(isEnd)) return 'unwanted';
  const isTold = format === 'table' ? columns.some(({ ofCause }) => ofCause) : !quiet;
  return isTold || summary ? 'shown' : 'unwanted';
}

function attemptsFor(events: readonly EventName[], { everyTry }: WatchOptions): Plan['attempts'] {
  if (events.includes('exec-failed')) return everyTry ? 'every try' : 'walks';
  if (!everyTry) return 'unwanted';
  throw new Failure('usage', '--every-try is about exec-failed, which is not asked for', 'add -e exec-failed');
}

const isEnd = (name: EventName): boolean => name === 'exit' || name === 'nonzero-exit';

/** Where only ends by signals can be shown, successes need not even be heard. */
function heardEvents(events: readonly EventName[], { cause, killedBy }: WatchOptions): readonly EventName[] {
  const isByForce = isAsked(killedBy) || (cause.length > 0 && !cause.includes('exit'));
  return isByForce ? events.map((name) => (name === 'exit' ? 'nonzero-exit' : name)) : events;
}

function meantBy({ pid, tree, followReuse }: WatchOptions): Wanted | undefined {
  return followReuse || !isAsked(pid, tree) ? undefined : { pids: pid, trees: tree };
}

function extrasFor(options: WatchOptions, columns: readonly Field[]): Set<Extra> {
  const extras = new Set(columns.flatMap(({ extra }) => extra ?? []));
  if (options.full) extras.add('cgroup');
  if (options.ancestry) extras.add('ancestry');
  if (options.usage) extras.add('usage');
  return extras;
}

/** What is wanted of ends alone finds nothing where none are told. */
function refuseWithoutEnds(events: readonly EventName[], options: WatchOptions): void {
  if (events.some(isEnd)) return;
  const asked = (['code', 'signal', 'cause', 'killedBy'] as const).find((name) => options[name].length > 0);
  if (asked === undefined) return;
  const { long } = END_OPTIONS[asked];
  throw new Failure('usage', `--${long} chooses among ends, and none are asked for`, 'add exit to --events');
}

/** Under sudo root's rights are given up as soon as they have served, unless they are to be kept. */
function becomesFor({ dropPrivileges, keepPrivileges }: WatchOptions, { env, isRoot }: Place): string | undefined {
  if (dropPrivileges && keepPrivileges) {
    throw new Failure('usage', '--drop-privileges and --keep-privileges contradict each other');
  }
  const caller = env.SUDO_USER === 'root' ? undefined : env.SUDO_USER;
  if (!isRoot || keepPrivileges) return undefined;
  return dropPrivileges ? (caller ?? NOBODY) : caller;
}

const NOBODY = 'nobody';

function shownEvents(options: WatchOptions): readonly EventName[] {
  const chosen = options.events.length > 0 ? options.events : DEFAULT_EVENTS;
  if (!options.lives) return options.threads && chosen.includes('fork') ? [...chosen, 'clone'] : chosen;
  const ends = chosen.filter((name) => name === 'exit' || name === 'nonzero-exit');
  return ends.includes('exit') ? ['exit'] : ends.length > 0 ? ends : ['exit'];
}

/** The user-space authority on which of the events heard become records. */
function showing(events: readonly EventName[], threads: boolean): (event: WireEvent) => boolean {
  const wanted = new Set<EventName>(events);
  return (event) => {
    const isLeader = event.tid === event.tgid;
    if (event.kind === 'fork') return wanted.has(isLeader ? 'fork' : 'clone');
    // The thread that dumps core does so for its whole process.
    if (!isLeader && !threads && event.kind !== 'coredump') return false;
    if (event.kind === 'exit') return wanted.has('exit') || (wanted.has('nonzero-exit') && event.status !== 0);
    return wanted.has(event.kind);
  };
}

const WHOLE_LIFE: readonly WireKind[] = ['fork', 'exec', 'exit'];
/** What else changes who a process is: heard where whole lives are, so that names and users stay true. */
const IDENTITY: readonly WireKind[] = ['comm', 'uid'];

const isAsked = (...lists: readonly (readonly unknown[])[]): boolean => lists.some((list) => list.length > 0);

/** Lives are told from their births on, a state is the whole table, and trees and ancestors need every birth and end. */
function needsFamily({ lives, ancestry, state, tree, notTree }: WatchOptions): boolean {
  return lives || ancestry || state || isAsked(tree, notTree);
}

/** What can only be told of a process that was known before its end. */
function selectsByWho(options: WatchOptions): boolean {
  const { name, notName, grep, notGrep, user, notUser, cgroup, notCgroup } = options;
  return isAsked(name, notName, grep, notGrep, user, notUser, cgroup, notCgroup);
}

/** A control group is asked for while its process is there, or known from the parent: at an end it is too late. */
function wantsCgroup({ full, cgroup, notCgroup, columns }: WatchOptions): boolean {
  return full || isAsked(cgroup, notCgroup) || (columns ?? []).some((name) => fieldNamed(name)?.extra === 'cgroup');
}

/** `lives`: the table of processes must be kept true. Execs alone, and ends alone, can do without. */
type Scene = 'lives' | 'execs' | 'ends' | 'others';

function sceneOf(events: readonly EventName[], options: WatchOptions): Scene {
  // Whether a program was found in the end, and what became of the process, is told by its life.
  if (!events.every(isHeard)) return 'lives';
  const kinds = new Set<EventName>(events.map((name) => (name === 'nonzero-exit' ? 'exit' : name)));
  const isOfLife = WHOLE_LIFE.some((kind) => kinds.has(kind));
  if (needsFamily(options)) return 'lives';
  if (!isOfLife) return 'others';
  if (wantsCgroup(options)) return 'lives';
  if (kinds.size > 1 || kinds.has('fork') || options.threads) return 'lives';
  return kinds.has('exec') ? 'execs' : 'ends';
}

interface Listening {
  readonly hearing: Hearing;
  readonly facts: readonly FactPlan[];
}

function listeningFor(events: readonly EventName[], options: WatchOptions): Listening {
  const scene = sceneOf(events, options);
  const narrow = hearingFor(events, options, []);
  const whole = hearingFor(events, options, [...WHOLE_LIFE, ...IDENTITY]);
  const lives: FactPlan = {
    wishes: { ...NO_FACTS, execs: true, ends: 'status' },
    hearing: withoutThreads(whole, options),
  };
  if (scene === 'lives') return { hearing: whole, facts: [lives] };
  if (scene === 'others') return { hearing: narrow, facts: [] };
  if (scene === 'execs') return { hearing: narrow, facts: [{ wishes: { ...NO_FACTS, execs: true }, hearing: narrow }] };
  const { onlyFailures } = narrow;
  const ends: FactPlan = {
    wishes: { ...NO_FACTS, ends: 'whole', onlyFailures },
    hearing: withoutThreads(narrow, options),
  };
  // How long it lived, and who it was, is known of who was heard from the birth on. To hear of failures alone must stay cheap.
  const needsLives = selectsByWho(options) || events.includes('exit');
  return { hearing: needsLives ? whole : narrow, facts: [ends, lives] };
}

const NO_FACTS: FactPlan['wishes'] = { births: false, execs: false, ends: 'none', onlyFailures: false };

/** @param also what must be heard besides what is shown */
function hearingFor(events: readonly EventName[], options: WatchOptions, also: readonly WireKind[]): Hearing {
  const kinds = new Set<WireKind>(also);
  for (const name of events.filter(isHeard)) kinds.add(kindOf(name));
  const onlyFailures = kinds.has('exit') && !events.includes('exit') && also.length === 0;
  const births = events.includes('fork') || also.includes('fork');
  const scopes = new Map<WireKind, Scope>();
  for (const kind of kinds) scopes.set(kind, scopeOf(kind, options.threads));
  if (kinds.has('fork')) scopes.set('fork', forkScope(births, events.includes('clone')));
  return { scopes, onlyFailures };
}

/** Where the kernel itself tells the end of a process, the ends of its threads need not be heard for it. */
function withoutThreads({ scopes, onlyFailures }: Hearing, { threads }: WatchOptions): Hearing {
  return threads || !scopes.has('exit')
    ? { scopes, onlyFailures }
    : { scopes: new Map(scopes).set('exit', 'leaders'), onlyFailures };
}

function forkScope(births: boolean, clones: boolean): Scope {
  if (births) return clones ? 'both' : 'leaders';
  return 'threads';
}

/**
 * Unless somebody else tells them, the ends of threads are heard with those of processes: which thread ended last, and how, is the end of
 * its process. Their births are not needed for that and stay in the kernel.
 */
function scopeOf(kind: WireKind, threads: boolean): Scope {
  return threads || kind === 'exit' || kind === 'coredump' ? 'both' : 'leaders';
}

export function colourFor(choice: WatchOptions['color'], { env, isTerminal }: Place): boolean {
  if (choice !== 'auto') return choice === 'always';
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '') return env.FORCE_COLOR !== '0';
  return isTerminal && env.TERM !== 'dumb';
}

/** The selection flags; names of users must be resolved before. */
export function selectionOf(options: WatchOptions, uids: Choice<number>, matchers: Matchers): Selection {
  return {
    pid: { wanted: options.pid, unwanted: options.notPid },
    tree: { wanted: options.tree, unwanted: options.notTree },
    uid: uids,
    name: matchers.name,
    grep: matchers.grep,
    cgroup: matchers.cgroup,
    code: { wanted: options.code, unwanted: options.notCode },
    signal: { wanted: options.signal, unwanted: options.notSignal },
    cause: { wanted: options.cause, unwanted: options.notCause },
    killer: matchers.killer,
  };
}

export type Matchers = Pick<Selection, 'name' | 'grep' | 'cgroup' | 'killer'>;
