/**
 * What a timeline says in words: where the time went, when the machine had little to do, what everybody waited for, what came again and
 * again and what failed. One list of sections serves the terminal and the page. Pure.
 */
import { humanDuration } from '../format/times.ts';
import { cpuInWords, kibInWords } from '../format/usage-in-words.ts';
import { cut } from '../format/width.ts';
import { type Figure, figuresOf } from './figures.ts';
import { lastFinishers } from './last-finishers.ts';
import { commandOf, type Life, lastProgram, type Timeline } from './life.ts';
import { Integral, loadOf } from './load.ts';
import { missing } from './missing.ts';
import { type Spans, spansOf } from './spans.ts';
import { idleStretches, type Stretch } from './stretches.ts';
import type { Sum } from './tally.ts';

export interface Row {
  readonly cells: readonly string[];
  /** The place of the life it is about, and the time. */
  readonly life?: number;
  readonly time?: readonly [from: number, to: number];
}

export interface Section {
  readonly key: string;
  readonly title: string;
  /** A sentence that says what is meant. */
  readonly about: string;
  /** Text stands to the left, numbers to the right. */
  readonly columns: readonly { readonly title: string; readonly align: 'left' | 'right' }[];
  readonly rows: readonly Row[];
}

export interface Findings {
  readonly figures: readonly Figure[];
  readonly sections: readonly Section[];
  /** What is not in the picture, and why; each a sentence. */
  readonly missing: readonly string[];
  /** Places of the lives on the chain of last finishers, with the time in which it goes through each. */
  readonly chain: readonly { readonly place: number; readonly from: number; readonly to: number }[];
}

const MOST = { commands: 12, repeats: 8, longest: 8, failures: 12, chain: 12, ran: 3 } as const;
/** So often at least is again and again. */
const REPEATED = 3;
const COMMAND_WIDTH = 160;
/** Of each command of a list of them. */
const RAN_WIDTH = 60;
const NANO = 1e9;

const LEFT = (title: string) => ({ title, align: 'left' }) as const;
const RIGHT = (title: string) => ({ title, align: 'right' }) as const;

const duration = (nanos: number): string => humanDuration(Math.max(0, nanos) / NANO);
const moment = (nanos: number): string => (nanos === 0 ? '0' : `+${duration(nanos)}`);
const count = (n: number): string => n.toLocaleString('en-US');
/** Of the path of the program the last part is enough. */
const shortened = (command: string, width = COMMAND_WIDTH): string =>
  cut(
    command.replace(/^\(?\/\S*\/(?=[^/\s])/, (path) => (path[0] === '(' ? '(' : '')),
    width,
  );

function cpuOf({ cpu, cpuIsLowerBound }: Pick<Sum, 'cpu' | 'cpuIsLowerBound'>): string {
  return cpuInWords({ cpuNanos: cpu, cpuIsLowerBound });
}

const memoryOf = (kib: number | undefined): string => (kib === undefined ? '' : kibInWords(kib));

/** The one process that all others come of; undefined where there are several. */
function soleRoot(spans: Spans): number | undefined {
  let root: number | undefined;
  for (let place = 0; place < spans.count; place++) {
    if (spans.parent[place] >= 0) continue;
    if (root !== undefined) return undefined;
    root = place;
  }
  return root !== undefined && spans.within[root] === 1 ? root : undefined;
}

export function findingsOf(timeline: Timeline): Findings {
  const spans = spansOf(timeline);
  const load = loadOf(spans);
  const window = { from: timeline.from, to: timeline.to };
  const parallelism = new Integral(load.times, load.running).average(window.from, window.to);
  const root = soleRoot(spans);
  const chain = root === undefined ? [] : lastFinishers(spans, root);
  const places = new Map(timeline.lives.map((life, place) => [life, place]));
  const sections = [
    idle(timeline, spans, load),
    chainSection(timeline, chain),
    failures(timeline, places),
    commands(timeline),
    repeats(timeline),
    longest(timeline, places),
  ];
  return {
    figures: figuresOf(timeline, parallelism),
    sections: sections.filter(({ rows }) => rows.length > 0),
    missing: missing(timeline),
    chain,
  };
}

/** CPU accounts that are exact and of nearly all tell what was used; else the processes that ran do. */
function measureOf({ tally }: Timeline): 'cpu' | 'running' {
  const isKnown = tally.within.cpu !== undefined && tally.withoutAccount <= tally.all.count / 100;
  return isKnown && !tally.within.cpuIsLowerBound ? 'cpu' : 'running';
}

function idle(timeline: Timeline, spans: Spans, load: ReturnType<typeof loadOf>): Section {
  const { cpus } = timeline.facts;
  const measure = measureOf(timeline);
  const found = cpus === undefined || cpus < 2 ? [] : idleStretches(spans, load, measure, cpus, timeline);
  const by = measure === 'cpu' ? 'CPU time, spread over the time each process ran' : 'the processes that ran';
  return {
    key: 'idle',
    title: `At most half of the ${cpus} CPUs in use`,
    about: `The longest stretches, by ${by}, and what ran then.`,
    columns: [RIGHT('from'), RIGHT('for'), RIGHT('in use'), LEFT('what ran')],
    rows: found.map(({ from, to, used, ran }) => ({
      cells: [moment(from), duration(to - from), used.toFixed(2), whatRan(timeline, ran)],
      time: [from, to],
      ...(ran.length > 0 && { life: ran[0].place }),
    })),
  };
}

/** By command: the command line of one, the number of several. */
function whatRan({ lives }: Timeline, ran: Stretch['ran']): string {
  const groups = new Map<string, { readonly place: number; count: number; share: number }>();
  for (const { place, share } of ran) {
    const { name } = lastProgram(lives[place]);
    const group = groups.get(name) ?? { place, count: 0, share: 0 };
    group.count++;
    group.share += share;
    groups.set(name, group);
  }
  return [...groups]
    .sort(([, a], [, b]) => b.share - a.share)
    .slice(0, MOST.ran)
    .map(([name, { place, count: many, share }]) =>
      many === 1
        ? `${shortened(commandOf(lives[place]), RAN_WIDTH)} (${percent(share)})`
        : `${name} × ${count(many)} (${share.toFixed(1)} at a time)`,
    )
    .join(', ');
}

const percent = (share: number): string => `${Math.round(share * 100)} %`;

function chainSection({ lives }: Timeline, links: Findings['chain']): Section {
  const times = new Map<number, number>();
  for (const { place, from, to } of links) times.set(place, (times.get(place) ?? 0) + to - from);
  const kept = [...times]
    .sort(([, a], [, b]) => b - a)
    .slice(0, MOST.chain)
    .sort(([a], [b]) => lives[a].from - lives[b].from);
  const rest = times.size - kept.length;
  return {
    key: 'chain',
    title: 'Chain of last finishers',
    about: `From the end back to the beginning, always through the child that ended last: no proven critical path. ${
      rest > 0
        ? `The ${kept.length} longest links of ${count(times.size)}, in the order of time.`
        : 'In the order of time.'
    }`,
    columns: [RIGHT('from'), RIGHT('on the chain'), LEFT('command')],
    rows: kept.map(([place, time]) => ({
      cells: [moment(lives[place].from), duration(time), shortened(commandOf(lives[place]))],
      life: place,
    })),
  };
}

function failures({ tally }: Timeline, places: ReadonlyMap<Life, number>): Section {
  const all = [...tally.failures.values()].sort((a, b) => a.first.to - b.first.to);
  return {
    key: 'failures',
    title: 'Failures',
    about: `Every end that was not a success, the first one first${beyond(all.length, MOST.failures)}.`,
    columns: [RIGHT('at'), LEFT('end'), RIGHT('times'), LEFT('command')],
    rows: all.slice(0, MOST.failures).map(({ first, outcome, count: times }) => ({
      cells: [moment(first.to), outcome, count(times), shortened(commandOf(first))],
      ...placeOf(places, first),
    })),
  };
}

const beyond = (all: number, most: number): string => (all > most ? `: ${most} of ${count(all)}` : '');

/** Absent for a life that is in a bundle. */
function placeOf(places: ReadonlyMap<Life, number>, life: Life): { life?: number } {
  const place = places.get(life);
  return place === undefined ? {} : { life: place };
}

/** By what they cost: CPU time where it is known. */
const byCost = ([, a]: [string, Sum], [, b]: [string, Sum]): number => (b.cpu ?? 0) - (a.cpu ?? 0) || b.wall - a.wall;

const SUM_COLUMNS = [RIGHT('times'), RIGHT('wall'), RIGHT('CPU'), RIGHT('peak memory'), RIGHT('failed')];

function cellsOf(sum: Sum): string[] {
  return [
    count(sum.count),
    duration(sum.wall),
    cpuOf(sum),
    memoryOf(sum.rssKib),
    sum.failures === 0 ? '' : count(sum.failures),
  ];
}

function commands({ tally }: Timeline): Section {
  const all = [...tally.byCommand].sort(byCost);
  return {
    key: 'commands',
    title: 'By command',
    about: `Sums over all lives of a name${beyond(all.length, MOST.commands)}. The wall time of a process contains that of its children.`,
    columns: [LEFT('command'), ...SUM_COLUMNS],
    rows: all.slice(0, MOST.commands).map(([name, sum]) => ({ cells: [name, ...cellsOf(sum)] })),
  };
}

function repeats({ tally }: Timeline): Section {
  const all = [...tally.byLine].filter(([, sum]) => sum.count >= REPEATED).sort(([, a], [, b]) => b.wall - a.wall);
  return {
    key: 'repeats',
    title: 'The same command line again and again',
    about: `Those that took the most time in sum${beyond(all.length, MOST.repeats)}.`,
    columns: [...SUM_COLUMNS, LEFT('command line')],
    rows: all.slice(0, MOST.repeats).map(([line, sum]) => ({ cells: [...cellsOf(sum), shortened(line)] })),
  };
}

function longest({ tally }: Timeline, places: ReadonlyMap<Life, number>): Section {
  return {
    key: 'longest',
    title: 'The longest lives',
    about: 'Those that wait for their children are among them.',
    columns: [RIGHT('wall'), RIGHT('CPU'), RIGHT('peak memory'), RIGHT('pid'), LEFT('command')],
    rows: tally.longest.items.slice(0, MOST.longest).map((life) => ({
      cells: [
        duration(life.to - life.from),
        life.usage === undefined ? '' : cpuInWords(life.usage),
        memoryOf(life.usage?.maxRssKib),
        String(life.pid),
        shortened(commandOf(life)),
      ],
      ...placeOf(places, life),
    })),
  };
}
