/** The data of the page as columns: the counterpart of ../page-data.ts. Times are microseconds. */
import { FLAG, type PageData } from '../page-columns.ts';
import type { Spans } from '../spans.ts';

export interface Model {
  readonly data: PageData;
  readonly count: number;
  readonly pid: Float64Array;
  readonly parent: Int32Array;
  readonly from: Float64Array;
  readonly to: Float64Array;
  readonly flags: Uint8Array;
  /** Places in the columns of programs: the first program of each life and its last. */
  readonly first: Int32Array;
  readonly last: Int32Array;
  /** Where the further programs of each life begin in the columns of execs; one more at the end. */
  readonly execs: Int32Array;
  readonly execAt: Float64Array;
  readonly execProgram: Int32Array;
  /** Where the children of each life begin in `children`; one more at the end. Roots are last, those of `count`. */
  readonly childrenFrom: Int32Array;
  readonly children: Int32Array;
  readonly spans: Spans;
}

function summed(differences: readonly number[]): Float64Array {
  let sum = 0;
  return Float64Array.from(differences, (difference) => (sum += difference));
}

/** Children of each, in the order of birth; roots are those of the place after the last. */
function childrenOf(count: number, parent: Int32Array): Pick<Model, 'childrenFrom' | 'children'> {
  const starts = new Int32Array(count + 2);
  const of = (place: number): number => (parent[place] < 0 ? count : parent[place]);
  for (let place = 0; place < count; place++) starts[of(place) + 1]++;
  for (let i = 1; i < starts.length; i++) starts[i] += starts[i - 1];
  const next = starts.slice();
  const children = new Int32Array(count);
  for (let place = 0; place < count; place++) children[next[of(place)]++] = place;
  return { childrenFrom: starts, children };
}

export function modelOf(data: PageData): Model {
  const { lives, execs } = data;
  const count = lives.pid.length;
  const from = summed(lives.from);
  const to = from.map((start, place) => start + lives.length[place]);
  const parent = Int32Array.from(lives.parent, (back, place) => (back === 0 ? -1 : place - back));
  const flags = Uint8Array.from(lives.flags);
  const execLife = summed(execs.life);
  const starts = new Int32Array(count + 1);
  for (const life of execLife) starts[life + 1]++;
  for (let i = 1; i <= count; i++) starts[i] += starts[i - 1];
  const execProgram = Int32Array.from(execs.program);
  const first = Int32Array.from(lives.program);
  const last = first.map((program, place) =>
    starts[place + 1] > starts[place] ? execProgram[starts[place + 1] - 1] : program,
  );
  const within = flags.map((bits, place) => ((bits & (FLAG.unseen | FLAG.before)) === 0 && from[place] >= 0 ? 1 : 0));
  return {
    data,
    count,
    pid: summed(lives.pid),
    parent,
    from,
    to,
    flags,
    first,
    last,
    execs: starts,
    execAt: Float64Array.from(execs.at, (at, i) => from[execLife[i]] + at),
    execProgram,
    ...childrenOf(count, parent),
    spans: {
      count,
      from,
      to,
      parent,
      cpu: Float64Array.from(lives.cpu, (cpu) => (cpu < 0 ? Number.NaN : cpu)),
      within,
    },
  };
}

export const isSet = (flags: number, name: keyof typeof FLAG): boolean => (flags & FLAG[name]) !== 0;

type TextColumn = keyof PageData['programs'];

/** Empty where it is unknown. */
export function textOf({ data }: Model, column: TextColumn, program: number): string {
  const place = data.programs[column][program];
  return place < 0 ? '' : data.texts[place];
}

/** The command line it is known by; in parentheses where it is the parent's. */
export function commandAt(model: Model, place: number): string {
  const command = textOf(model, 'command', model.last[place]);
  const isOwn = isSet(model.flags[place], 'own') || model.execs[place + 1] > model.execs[place];
  return isOwn ? command : `(${command})`;
}

export const nameAt = (model: Model, place: number): string => textOf(model, 'name', model.last[place]);
