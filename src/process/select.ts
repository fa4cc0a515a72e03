/**
 * Whom to show: the selection flags as one predicate. Kinds are combined by AND, the values of one kind by OR. The part that needs only
 * ids and the table (`mayShow`) is asked before anything is read for an event; the rest (`shows`) is asked of the finished record.
 */
import type { CauseName } from '../cause/causes.ts';
import type { Sender } from '../cause/end-cause.ts';
import type { Image } from './image.ts';
import type { Matcher } from './patterns.ts';
import type { ProcessRecord } from './record.ts';
import { rawOf, type Text } from './text.ts';
import { outcomeOf } from './wait-status.ts';

/** One kind of selection: the values wanted and unwanted; an empty list says nothing. */
export interface Choice<T> {
  readonly wanted: readonly T[];
  readonly unwanted: readonly T[];
}

export interface Selection {
  readonly pid: Choice<number>;
  /** Roots; membership is kept by the process table. */
  readonly tree: Choice<number>;
  readonly uid: Choice<number>;
  readonly name: Choice<Matcher>;
  readonly grep: Choice<Matcher>;
  readonly cgroup: Choice<Matcher>;
  readonly code: Choice<number>;
  readonly signal: Choice<number>;
  readonly cause: Choice<CauseName>;
  /** Who sent the signal of an end: by pid or name. */
  readonly killer: Choice<number | Matcher>;
}

const NOTHING = { wanted: [], unwanted: [] };
export const SELECT_ALL: Selection = {
  pid: NOTHING,
  tree: NOTHING,
  uid: NOTHING,
  name: NOTHING,
  grep: NOTHING,
  cgroup: NOTHING,
  code: NOTHING,
  signal: NOTHING,
  cause: NOTHING,
  killer: NOTHING,
};

/** What the table knows of a process without reading anything. */
export interface Known {
  readonly pid: number;
  /** The wanted or unwanted trees this process belongs to, by root. */
  readonly trees: readonly number[];
  readonly image: Image;
}

function passes<T>({ wanted, unwanted }: Choice<T>, matches: (value: T) => boolean): boolean {
  return (wanted.length === 0 || wanted.some(matches)) && !unwanted.some(matches);
}

const isEmpty = ({ wanted, unwanted }: Choice<unknown>): boolean => wanted.length === 0 && unwanted.length === 0;

export class Selector {
  private readonly selection: Selection;
  /** Nothing is selected, so nothing has to be asked. */
  readonly takesAll: boolean;
  readonly needsCgroup: boolean;
  /** Records whose arguments were matched although only their beginning is known. */
  judgedCut = 0;

  constructor(selection: Selection) {
    this.selection = selection;
    this.takesAll = Object.values(selection).every(isEmpty);
    this.needsCgroup = !isEmpty(selection.cgroup);
  }

  /** False if no record of this process can be shown, whatever its program turns out to be. */
  mayShow(known: Known): boolean {
    const { pid, tree, uid } = this.selection;
    if (this.takesAll) return true;
    // A user id changes only by an event; before the first is heard it is the parent's.
    const sameUid = (id: number): boolean => known.image.uid === id;
    return (
      passes(pid, (id) => known.pid === id) &&
      passes(tree, (root) => known.trees.includes(root)) &&
      (known.image.uid === undefined || passes(uid, sameUid))
    );
  }

  shows(record: Pick<ProcessRecord, 'image' | 'cgroup' | 'exit'>): boolean {
    if (this.takesAll) return true;
    const { uid, name, grep, cgroup } = this.selection;
    const { image } = record;
    if (image.argsTotal !== undefined && !isEmpty(grep)) this.judgedCut++;
    return (
      passes(uid, (id) => image.uid === id) &&
      passes(name, (matches) => namesOf(image).some(matches)) &&
      passes(grep, (matches) => image.args !== undefined && matches(image.args.map(rawOf).join(' '))) &&
      passes(cgroup, (matches) => record.cgroup !== undefined && matches(record.cgroup)) &&
      this.endMatches(record) &&
      this.causeMatches(record)
    );
  }

  /** What is wanted must be certain. */
  private causeMatches({ exit }: Pick<ProcessRecord, 'exit'>): boolean {
    const { cause, killer } = this.selection;
    const sender = exit?.cause?.sender;
    return (
      passes(cause, (name) => exit?.cause?.cause === name) &&
      passes(killer, (who) => sender !== undefined && isKiller(sender, who))
    );
  }

  private endMatches({ exit }: Pick<ProcessRecord, 'exit'>): boolean {
    const { code, signal } = this.selection;
    if (isEmpty(code) && isEmpty(signal)) return true;
    const end = exit?.waitStatus === undefined ? undefined : outcomeOf(exit.waitStatus);
    const codeMatches = (n: number): boolean => end?.kind === 'code' && end.code === n;
    const signalMatches = (n: number): boolean => end?.kind === 'signal' && end.number === n;
    if (code.unwanted.some(codeMatches) || signal.unwanted.some(signalMatches)) return false;
    // A process ends by a code or by a signal, never both: wanted codes and wanted signals are alternatives.
    const anyWanted = code.wanted.length + signal.wanted.length > 0;
    return !anyWanted || code.wanted.some(codeMatches) || signal.wanted.some(signalMatches);
  }
}

function isKiller({ pid, comm, args }: Sender, who: number | Matcher): boolean {
  return typeof who === 'number' ? pid === who : namesOf({ comm, args }).some(who);
}

const base = (path: Text): string => rawOf(path).slice(rawOf(path).lastIndexOf('/') + 1);

/** A comm is cut here; that of a script is the beginning of its name. */
const COMM_LETTERS = 15;
/** Programs whose first argument, if it is no option, is what they run. */
const INTERPRETER =
  /^(?:(?:ba|da|z|k|mk|pdk|a)?sh|busybox|python[\d.]*|perl[\d.]*|ruby[\d.]*|node|nodejs|php[\d.]*|lua[\d.]*|tclsh[\d.]*|Rscript)$/;

/** Of a script the base name: what its interpreter was given, behind at most one option where the kernel put it there. */
function scriptOf({ comm, exe, args = [] }: Pick<Image, 'comm' | 'exe' | 'args'>): string | undefined {
  const [, first, second] = args;
  const name = comm === undefined ? '' : rawOf(comm);
  for (const arg of [first, second]) {
    if (arg === undefined) break;
    const script = base(arg);
    if (name !== '' && script.startsWith(name) && (script === name || name.length >= COMM_LETTERS)) return script;
  }
  const program = exe === undefined ? name : base(exe);
  return first !== undefined && INTERPRETER.test(program) && !rawOf(first).startsWith('-') ? base(first) : undefined;
}

/** The names a process goes by: comm, and the base names of its program, of the path it was executed by, of its first argument, of its script. */
export function namesOf(image: Pick<Image, 'comm' | 'exe' | 'path' | 'args'>): string[] {
  const { comm, exe, path, args } = image;
  const names: string[] = [];
  if (comm !== undefined) names.push(rawOf(comm));
  if (exe !== undefined) names.push(base(exe));
  if (path !== undefined) names.push(base(path));
  if (args !== undefined && args.length > 0) names.push(base(args[0]));
  const script = scriptOf(image);
  if (script !== undefined) names.push(script);
  return names;
}
