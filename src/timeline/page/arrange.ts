/**
 * Gives every box its row. By tree: what was born to a process hangs below it, and what was at the same time stands in different
 * rows. Packed: the lives of one command in as few rows as there were at once.
 */
import type { Box } from './boxes.ts';
import { type Model, nameAt } from './model.ts';

export interface Heading {
  readonly row: number;
  readonly text: string;
}

export interface Arrangement {
  /** Boxes of each row in the order of time. Those of one row do not overlap. */
  readonly rows: readonly Box[][];
  /** Rows that are a title of those below. */
  readonly headings: readonly Heading[];
}

/** The first rows that are free for as long as a box and all below it last. */
class Lanes {
  private readonly until: number[] = [];

  take({ from, end, height }: Box): number {
    const { until } = this;
    let lane = 0;
    for (let above = 0; above < height && lane + above < until.length; ) {
      if (until[lane + above] <= from) above++;
      else {
        lane += above + 1;
        above = 0;
      }
    }
    for (let i = lane; i < lane + height; i++) until[i] = Math.max(end, from + Number.MIN_VALUE);
    return lane;
  }

  get count(): number {
    return this.until.length;
  }
}

const byBirth = (a: Box, b: Box): number => a.from - b.from;

/** From the root down, each box before those below it. */
function inOrder(roots: readonly Box[]): Box[] {
  const all: Box[] = [];
  const todo = [...roots];
  for (let box = todo.pop(); box !== undefined; box = todo.pop()) {
    all.push(box);
    for (const below of box.below) todo.push(below);
  }
  return all;
}

/** Rows among siblings, counted from the first row of them; returns how many they take. */
function pack(siblings: Box[]): number {
  const lanes = new Lanes();
  siblings.sort(byBirth);
  for (const box of siblings) box.row = lanes.take(box);
  return lanes.count;
}

function rowsFrom(boxes: readonly Box[], count: number): Box[][] {
  const rows = Array.from({ length: count }, (): Box[] => []);
  for (const box of boxes) rows[box.row].push(box);
  for (const row of rows) row.sort(byBirth);
  return rows;
}

export function byTree(roots: Box[]): Arrangement {
  const boxes = inOrder(roots);
  for (let i = boxes.length - 1; i >= 0; i--) {
    const box = boxes[i];
    for (const { end } of box.below) box.end = Math.max(box.end, end);
    box.height = 1 + pack(box.below);
  }
  const count = pack(roots);
  for (const box of boxes) for (const below of box.below) below.row += box.row + 1;
  return { rows: rowsFrom(boxes, count), headings: [] };
}

/** The time that is told of a command: by this commands are in order. */
const timeOf = (boxes: readonly Box[]): number => boxes.reduce((sum, { from, to }) => sum + to - from, 0);

export function byCommand(model: Model, shortest: number): Arrangement {
  const groups = new Map<string, Box[]>();
  for (let place = 0; place < model.count; place++) {
    const [from, to] = [model.from[place], model.to[place]];
    if (to - from < shortest) continue;
    const box: Box = {
      lives: [place],
      bundle: undefined,
      from,
      to,
      end: to,
      below: [],
      height: 1,
      row: 0,
      foldKey: undefined,
      strands: undefined,
    };
    const name = nameAt(model, place);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [box]);
    else group.push(box);
  }
  const headings: Heading[] = [];
  let row = 0;
  for (const [name, boxes] of [...groups].sort(([, a], [, b]) => timeOf(b) - timeOf(a))) {
    headings.push({ row, text: `${name} × ${boxes.length.toLocaleString('en-US')}` });
    const count = pack(boxes);
    for (const box of boxes) box.row += row + 1;
    row += count + 1;
  }
  return { rows: rowsFrom([...groups.values()].flat(), row), headings };
}

/** The box at a time in a row; the nearest within a distance where none is exactly there. */
export function boxAt(row: readonly Box[] | undefined, time: number, distance: number): Box | undefined {
  if (row === undefined) return undefined;
  let [low, high] = [0, row.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (row[middle].from <= time) low = middle + 1;
    else high = middle;
  }
  const candidates = [row[low - 1], row[low]].filter((box) => box !== undefined);
  const gap = ({ from, to }: Box): number => Math.max(0, from - time, time - to);
  return candidates.filter((box) => gap(box) <= distance).sort((a, b) => gap(a) - gap(b))[0];
}
