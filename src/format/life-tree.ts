/**
 * The tree of processes as it ran: collected from records, folded where branches are alike, drawn at the end. Memory is bounded by a
 * limit of branches; what comes after is counted.
 */
import type { EndCause } from '../cause/end-cause.ts';
import { type Moment, secondsBetween } from '../process/moment.ts';
import type { ProcessRecord } from '../process/record.ts';
import { inWords } from '../process/wait-status.ts';
import { alikeAmong, FOLD_FROM, Shapes } from './alike.ts';
import { failedInWords } from './attempt-in-words.ts';
import { endInWords, UNKNOWN_END } from './cause-in-words.ts';
import { commandLine, escapeText, shellLine } from './escape.ts';
import { type Paint, palette } from './palette.ts';
import { humanDuration } from './times.ts';
import { cut, pad, widthOf } from './width.ts';

interface Life {
  readonly pid: number;
  name: string;
  command: string;
  start: Moment;
  seconds: number | undefined;
  waitStatus: number | undefined;
  cause: EndCause | undefined;
  /** How it ended, and in full why; lives of the same end are alike, whoever did it. */
  end: string;
  outcome: string;
  readonly children: Life[];
  readonly parent: Life | undefined;
  /** Drawn, with all that comes of it. */
  isChosen: boolean;
  /** The same number for lives that are alike with all their descendants; known when the tree is drawn. */
  shape: number;
}

/** Branches that are alike: same names and ends, all the way down. */
interface Branch {
  readonly life: Life;
  readonly count: number;
  readonly outcome: string;
  readonly shortest: number | undefined;
  readonly longest: number | undefined;
  readonly children: readonly Branch[];
}

const LIMIT = 100_000;
/** Letters of a command line, and of one that comes when all together have reached their limit. */
const LETTERS = { most: 4096, mostWhenFull: 60, inAll: 16 * 2 ** 20 } as const;
/** Deeper branches are counted, not drawn: no window is that wide. */
const DEPTH = 40;
const RUNNING = 'still running';

export class LifeTree {
  /** In the order of birth: parents before their children. */
  private readonly lives: Life[] = [];
  /** Those alive, by number; undefined for those beyond the limit. */
  private readonly living = new Map<number, Life | undefined>();
  /** The command line of the first process, which is known before anything can be read about it. */
  private firstCommand: string | undefined;
  private uncounted = 0;
  private letters = 0;

  constructor(firstCommand?: readonly string[]) {
    this.firstCommand = firstCommand && shellLine(firstCommand);
  }

  /** @param choice whether somebody asked for this process; others are drawn only below one that was asked for */
  add(record: ProcessRecord, choice: 'chosen' | 'other' = 'chosen'): void {
    this.addRecord(record);
    const life = choice === 'chosen' ? this.living.get(record.pid) : undefined;
    if (life !== undefined) life.isChosen = true;
    if (record.event === 'exit' && !record.thread) this.living.delete(record.pid);
  }

  private addRecord(record: ProcessRecord): void {
    const { event } = record;
    if (event === 'fork' || event === 'found' || event === 'alive') this.birth(record);
    else if (record.event === 'exec') this.program(record);
    else if (record.event === 'exit' && !record.thread) this.end(record);
  }

  /** Processes of the tree that have not ended. */
  get alive(): ReadonlySet<number> {
    return new Set(this.living.keys());
  }

  get aliveCount(): number {
    return this.living.size;
  }

  /** Nothing of it would be drawn. */
  get isEmpty(): boolean {
    return !this.lives.some(({ isChosen }) => isChosen);
  }

  /** Some that have not ended, the oldest first, with their command lines as they are drawn. */
  someAlive(most: number): { readonly pid: number; readonly command: string }[] {
    const found: { pid: number; command: string }[] = [];
    for (const [pid, life] of this.living) {
      if (found.length === most) break;
      found.push({ pid, command: life?.command ?? '' });
    }
    return found;
  }

  private birth(record: ProcessRecord): void {
    // The number is used again: the end of its holder before was lost.
    this.conclude(record.pid, undefined);
    if (this.lives.length >= LIMIT) {
      this.uncounted++;
      this.living.set(record.pid, undefined);
      return;
    }
    const parent = record.ppid === undefined ? undefined : this.living.get(record.ppid);
    const isOwn = record.event !== 'fork';
    const life: Life = {
      pid: record.pid,
      name: nameOf(record),
      command: this.keep(isOwn ? commandOf(record) : `(${bare(parent, record)})`),
      start: record.start ?? record.at,
      seconds: undefined,
      waitStatus: undefined,
      cause: undefined,
      end: RUNNING,
      outcome: RUNNING,
      children: [],
      parent,
      isChosen: false,
      shape: 0,
    };
    parent?.children.push(life);
    this.lives.push(life);
    this.living.set(record.pid, life);
  }

  /** As much of it as there is room for; of its own, since a part of a longer string keeps all of it in memory. */
  private keep(command: string): string {
    const most = this.letters < LETTERS.inAll ? LETTERS.most : LETTERS.mostWhenFull;
    const kept = command.length <= most ? command : `${Buffer.from(command.slice(0, most)).toString()}…`;
    this.letters += kept.length;
    return kept;
  }

  private program(record: ProcessRecord): void {
    const life = this.living.get(record.pid);
    if (life === undefined) return;
    life.name = nameOf(record);
    life.command = this.keep(commandOf(record, life === this.lives[0] ? this.firstCommand : undefined));
    if (life === this.lives[0]) this.firstCommand = undefined;
  }

  private end(record: ProcessRecord): void {
    const life = this.living.get(record.pid);
    if (life === undefined) return;
    this.endOf(life, record.exit?.waitStatus, record.exit?.cause);
    if (record.failed !== undefined) life.outcome += ` · ${failedInWords(record.failed)}`;
    life.start = record.exit?.start ?? life.start;
    if (!record.inferred) life.seconds = Math.max(0, secondsBetween(life.start, record.at));
  }

  /** What is known of an end that no record told. */
  conclude(pid: number, waitStatus: number | undefined, cause?: EndCause): void {
    const life = this.living.get(pid);
    this.living.delete(pid);
    if (life !== undefined) this.endOf(life, waitStatus, cause);
  }

  private endOf(life: Life, waitStatus: number | undefined, cause: EndCause | undefined): void {
    life.waitStatus = waitStatus;
    life.cause = cause;
    life.end = waitStatus === undefined ? UNKNOWN_END : inWords(waitStatus);
    const { how, detail } = endInWords({ waitStatus, cause });
    life.outcome = how + detail;
  }

  /** Nothing more comes: how those who are left have ended nobody will tell. */
  concludeAll(): void {
    for (const pid of [...this.living.keys()]) this.conclude(pid, undefined);
  }

  /** The wait status of the first process, once it is known. */
  get firstStatus(): number | undefined {
    return this.lives[0]?.waitStatus;
  }

  /** Why the first process died, in a line for people; undefined if it ended by itself, or nobody knows. */
  get firstDeath(): string | undefined {
    const [first] = this.lives;
    if (first?.waitStatus === undefined || first.cause?.cause === undefined || first.cause.cause === 'exit')
      return undefined;
    const { how, detail } = endInWords(first);
    const after = first.seconds === undefined ? '' : ` after ${humanDuration(first.seconds)}`;
    return `${first.name} (${first.pid}): ${how}${after}${detail}`;
  }

  /** @param machine what all of them hang below, where there are several trees */
  render(options: { readonly colour: boolean; readonly width: number | undefined }, machine?: string): string {
    const roots = this.lives.filter(isTop);
    const [first] = roots;
    if (first === undefined) return '';
    shapeAll(this.lives);
    const rows: Row[] = [];
    const branches = fold([roots]);
    if (machine === undefined) {
      for (const branch of branches) collectRows(branch, { lead: '', below: '', depth: 0 }, first.start, rows);
    } else {
      rows.push(remark(escapeText(machine)));
      collectBelow(branches, '', 1, first.start, rows);
    }
    if (this.uncounted > 0) rows.push(remark(`and ${this.uncounted.toLocaleString('en-US')} more`));
    return draw(rows, options);
  }
}

/** Chosen, and drawn below nobody. */
function isTop(life: Life): boolean {
  if (!life.isChosen) return false;
  for (let one = life.parent; one !== undefined; one = one.parent) if (one.isChosen) return false;
  return true;
}

const nameOf = ({ image }: ProcessRecord): string => (image.comm === undefined ? '?' : escapeText(image.comm));

function commandOf(record: ProcessRecord, known = `[${nameOf(record)}]`): string {
  const { args, argsTotal } = record.image;
  return args === undefined ? known : commandLine(args, argsTotal);
}

/** A child runs what its parent runs, until it executes something itself. */
function bare(parent: Life | undefined, record: ProcessRecord): string {
  return parent === undefined ? commandOf(record) : parent.command.replace(/^\((.*)\)$/s, '$1');
}

/** From the leaves up. */
function shapeAll(lives: readonly Life[]): void {
  const shapes = new Shapes();
  for (let i = lives.length - 1; i >= 0; i--) {
    const { name, end, children } = lives[i];
    lives[i].shape = shapes.of(
      name,
      end,
      children.map(({ shape }) => shape),
    );
  }
}

/**
 * Folds the children of processes that are alike, given as one list for each process: the lists are of equal shapes. Alike siblings
 * become one branch, in the order of the first of each group.
 */
function fold(families: readonly (readonly Life[])[], depth = 0): Branch[] {
  if (depth > DEPTH) return [];
  const [family] = families;
  const groups = alikeAmong([...family.keys()], (place) => family[place].shape);
  const at = (those: readonly number[]) => families.flatMap((one) => those.map((place) => one[place]));
  return groups.flatMap((alike) =>
    alike.length >= FOLD_FROM ? [branchOf(at(alike), depth)] : alike.map((place) => branchOf(at([place]), depth)),
  );
}

function branchOf(alike: readonly Life[], depth: number): Branch {
  const [life] = alike;
  let shortest: number | undefined;
  let longest: number | undefined;
  for (const { seconds } of alike) {
    if (seconds === undefined) continue;
    shortest = Math.min(shortest ?? seconds, seconds);
    longest = Math.max(longest ?? seconds, seconds);
  }
  const families = alike.map(({ children }) => children);
  const outcome = alike.every((one) => one.outcome === life.outcome) ? life.outcome : life.end;
  return { life, count: alike.length, outcome, shortest, longest, children: fold(families, depth + 1) };
}

interface Row {
  readonly tree: string;
  readonly start: string;
  readonly took: string;
  readonly outcome: string;
}

const remark = (tree: string): Row => ({ tree, start: '', took: '', outcome: '' });

interface Place {
  /** What is drawn before the branch, and before what hangs below it. */
  readonly lead: string;
  readonly below: string;
  readonly depth: number;
}

function collectRows(branch: Branch, { lead, below, depth }: Place, origin: Moment, rows: Row[]): void {
  const { life, count, outcome, children } = branch;
  const label = count === 1 ? life.command : `${life.name} × ${count.toLocaleString('en-US')}`;
  rows.push({
    tree: lead + label,
    start: `+${humanDuration(Math.max(0, secondsBetween(origin, life.start)))}`,
    took: spanOf(branch),
    outcome,
  });
  if (depth === DEPTH && life.children.length > 0) rows.push(remark(`${below}└─ … and what it gave birth to`));
  collectBelow(children, below, depth + 1, origin, rows);
}

function collectBelow(branches: readonly Branch[], below: string, depth: number, origin: Moment, rows: Row[]): void {
  branches.forEach((branch, i) => {
    const isLast = i === branches.length - 1;
    const place = {
      lead: `${below}${isLast ? '└─ ' : '├─ '}`,
      below: `${below}${isLast ? '   ' : '│  '}`,
      depth,
    };
    collectRows(branch, place, origin, rows);
  });
}

function spanOf({ shortest, longest }: Branch): string {
  if (shortest === undefined || longest === undefined) return '';
  const [from, to] = [humanDuration(shortest), humanDuration(longest)];
  return from === to ? from : `${from}–${to}`;
}

/** Cells of the tree with and without a window, of the other columns, and what the others take beside the tree. */
const WIDTHS = { tree: 60, freeTree: 100, leastTree: 20, start: 8, took: 15, beside: 45 } as const;

function draw(rows: readonly Row[], { colour, width }: { colour: boolean; width: number | undefined }): string {
  const { dim, bad, good, warning } = palette(colour);
  const widest = rows.reduce((most, { tree }) => Math.max(most, widthOf(tree)), 0);
  const room =
    width === undefined ? WIDTHS.freeTree : Math.max(WIDTHS.leastTree, Math.min(WIDTHS.tree, width - WIDTHS.beside));
  const treeWidth = Math.min(widest, room);
  const paintOf = (outcome: string): Paint => {
    if (/^exit 0\b/.test(outcome)) return good;
    return outcome === RUNNING || outcome === UNKNOWN_END ? warning : bad;
  };
  return rows
    .map(({ tree, start, took, outcome }) => {
      const name = pad(width === undefined ? tree : cut(tree, treeWidth), treeWidth, 'left');
      const times = `${pad(start, WIDTHS.start, 'right')}  ${pad(took, WIDTHS.took, 'right')}`;
      return outcome === '' ? `${name.trimEnd()}\n` : `${name}  ${dim(times)}  ${paintOf(outcome)(outcome)}\n`;
    })
    .join('');
}
