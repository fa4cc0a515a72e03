/**
 * The tree of processes as it ran: collected from records, folded where branches are alike, drawn at the end. Memory is bounded by a
 * limit of branches; what comes after is counted.
 */
import { type Moment, secondsBetween } from '../process/moment.ts';
import type { ProcessRecord } from '../process/record.ts';
import { inWords } from '../process/wait-status.ts';
import { escapeText, shellLine } from './escape.ts';
import { type Paint, palette } from './palette.ts';
import { humanDuration } from './times.ts';
import { cut, pad, widthOf } from './width.ts';

interface Life {
  name: string;
  command: string;
  readonly start: Moment;
  seconds: number | undefined;
  outcome: string;
  readonly children: Life[];
}

/** Branches that are alike: same names and ends, all the way down. */
interface Branch {
  readonly life: Life;
  readonly count: number;
  readonly shortest: number | undefined;
  readonly longest: number | undefined;
  readonly children: readonly Branch[];
}

const LIMIT = 100_000;
/** This many alike or more are drawn as one. */
const FOLD_FROM = 3;
const RUNNING = 'still running';

export class LifeTree {
  private readonly roots: Life[] = [];
  private readonly living = new Map<number, Life>();
  private count = 0;
  private uncounted = 0;

  add(record: ProcessRecord): void {
    if (record.event === 'fork') this.birth(record);
    else if (record.event === 'exec') this.program(record);
    else if (record.event === 'exit' && !record.thread) this.end(record);
  }

  /** Processes of the tree that have not ended. */
  get alive(): number {
    return this.living.size;
  }

  private birth(record: ProcessRecord): void {
    if (this.count >= LIMIT) {
      this.uncounted++;
      return;
    }
    const parent = record.ppid === undefined ? undefined : this.living.get(record.ppid);
    const life: Life = {
      name: nameOf(record),
      command: `(${commandOf(record)})`,
      start: record.at,
      seconds: undefined,
      outcome: RUNNING,
      children: [],
    };
    (parent?.children ?? this.roots).push(life);
    this.living.set(record.pid, life);
    this.count++;
  }

  private program(record: ProcessRecord): void {
    const life = this.living.get(record.pid);
    if (life === undefined) return;
    life.name = nameOf(record);
    life.command = commandOf(record);
  }

  private end(record: ProcessRecord): void {
    const life = this.living.get(record.pid);
    if (life === undefined) return;
    this.living.delete(record.pid);
    life.seconds = secondsBetween(life.start, record.at);
    const status = record.exit?.waitStatus;
    life.outcome = status === undefined ? 'ended, status unknown' : inWords(status);
  }

  render(options: { readonly colour: boolean; readonly width: number | undefined }): string {
    const first = this.roots[0];
    if (first === undefined) return '';
    const rows: Row[] = [];
    for (const branch of fold(this.roots)) collectRows(branch, '', '', first.start, rows);
    if (this.uncounted > 0)
      rows.push({ tree: `and ${this.uncounted.toLocaleString('en-US')} more`, start: '', took: '', outcome: '' });
    return draw(rows, options);
  }
}

const nameOf = ({ image }: ProcessRecord): string => (image.comm === undefined ? '?' : escapeText(image.comm));

function commandOf(record: ProcessRecord): string {
  const { args } = record.image;
  return args === undefined ? `[${nameOf(record)}]` : shellLine(args);
}

function shapeOf({ name, outcome, children }: Life): string {
  return JSON.stringify([name, outcome, children.map(shapeOf)]);
}

/** Groups siblings that are alike, in the order of the first of each group. */
function fold(lives: readonly Life[]): Branch[] {
  const groups = new Map<string, Life[]>();
  for (const life of lives) {
    const shape = shapeOf(life);
    const group = groups.get(shape);
    if (group === undefined) groups.set(shape, [life]);
    else group.push(life);
  }
  return [...groups.values()].flatMap((group) =>
    group.length >= FOLD_FROM ? [branchOf(group)] : group.map((life) => branchOf([life])),
  );
}

function branchOf(alike: readonly Life[]): Branch {
  const [life] = alike;
  const times = alike.flatMap(({ seconds }) => seconds ?? []);
  const [shortest, longest] = times.reduce(
    ([low, high], seconds) => [Math.min(low, seconds), Math.max(high, seconds)],
    [Number.POSITIVE_INFINITY, 0],
  );
  const known = times.length > 0;
  const children =
    alike.length === 1
      ? fold(life.children)
      : life.children.map((_, i) => branchOf(alike.map((one) => one.children[i])));
  return {
    life,
    count: alike.length,
    shortest: known ? shortest : undefined,
    longest: known ? longest : undefined,
    children,
  };
}

interface Row {
  readonly tree: string;
  readonly start: string;
  readonly took: string;
  readonly outcome: string;
}

function collectRows(branch: Branch, lead: string, below: string, origin: Moment, rows: Row[]): void {
  const { life, count, children } = branch;
  const label = count === 1 ? life.command : `${life.name} × ${count.toLocaleString('en-US')}`;
  rows.push({
    tree: lead + label,
    start: `+${humanDuration(Math.max(0, secondsBetween(origin, life.start)))}`,
    took: spanOf(branch),
    outcome: life.outcome,
  });
  children.forEach((child, i) => {
    const isLast = i === children.length - 1;
    collectRows(child, `${below}${isLast ? '└─ ' : '├─ '}`, `${below}${isLast ? '   ' : '│  '}`, origin, rows);
  });
}

function spanOf({ shortest, longest }: Branch): string {
  if (shortest === undefined || longest === undefined) return '';
  const [from, to] = [humanDuration(shortest), humanDuration(longest)];
  return from === to ? from : `${from}–${to}`;
}

const WIDTHS = { tree: 60, start: 8, took: 15 } as const;

function draw(rows: readonly Row[], { colour, width }: { colour: boolean; width: number | undefined }): string {
  const { dim, bad, good, warning } = palette(colour);
  const widest = Math.max(...rows.map(({ tree }) => widthOf(tree)));
  const treeWidth = width === undefined ? Math.min(widest, 100) : Math.min(widest, WIDTHS.tree, width - 45);
  const paintOf = (outcome: string): Paint => (outcome === 'exit 0' ? good : outcome === RUNNING ? warning : bad);
  return rows
    .map(({ tree, start, took, outcome }) => {
      const name = pad(width === undefined ? tree : cut(tree, treeWidth), treeWidth, 'left');
      const times = `${pad(start, WIDTHS.start, 'right')}  ${pad(took, WIDTHS.took, 'right')}`;
      return `${name}  ${dim(times)}  ${paintOf(outcome)(outcome)}\n`;
    })
    .join('');
}
