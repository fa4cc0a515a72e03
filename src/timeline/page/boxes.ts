/**
 * What is drawn, before it has a place: a box for each life, or one for several that are alike, with the boxes below it. Bundles of
 * short lives are boxes too.
 */
import { alikeAmong, FOLD_FROM, Shapes } from '../../format/alike.ts';
import type { Bundle } from './bundles.ts';
import { type Model, nameAt } from './model.ts';
import { type Strands, strandsOf } from './strands.ts';

export interface Box {
  /** Places of the lives it stands for; none for a bundle. */
  readonly lives: readonly number[];
  readonly bundle: Bundle | undefined;
  readonly from: number;
  readonly to: number;
  /** The end of all that hangs below it. */
  end: number;
  readonly below: Box[];
  /** Rows that it takes with all below it. */
  height: number;
  row: number;
  /** Names what was folded: to be unfolded by it. */
  readonly foldKey: string | undefined;
  /** Of several that are drawn as one. */
  readonly strands: Strands | undefined;
}

export type FoldMode = 'small' | 'all' | 'none';

export interface BoxOptions {
  readonly fold: FoldMode;
  readonly unfolded: ReadonlySet<string>;
  /** Lives that are shorter are left out, unless something below them is not. */
  readonly shortest: number;
}

/** On average so small a part of the whole time is too short to be seen. */
const SMALL_PART = 1 / 400;
/** Deeper branches are not folded. */
const DEPTH = 60;

/** Numbers of the shapes of all lives, and how deep each goes. */
export class Kin {
  readonly shape: Int32Array;
  readonly depth: Int32Array;
  private readonly model: Model;

  constructor(model: Model) {
    this.model = model;
    this.shape = new Int32Array(model.count);
    this.depth = new Int32Array(model.count);
    const shapes = new Shapes();
    const { ends, lives } = model.data;
    for (let place = model.count - 1; place >= 0; place--) {
      const children = this.childrenOf(place);
      this.shape[place] = shapes.of(
        nameAt(model, place),
        ends[lives.outcome[place]],
        children.map((child) => this.shape[child]),
      );
      for (const child of children) this.depth[place] = Math.max(this.depth[place], this.depth[child] + 1);
    }
  }

  childrenOf(place: number): number[] {
    const { childrenFrom, children } = this.model;
    return [...children.subarray(childrenFrom[place], childrenFrom[place + 1])];
  }
}

export class Boxes {
  private readonly model: Model;
  private readonly kin: Kin;
  private readonly options: BoxOptions;
  private readonly bundles: ReadonlyMap<number, readonly Bundle[]>;
  private readonly shown: Uint8Array;

  constructor(model: Model, kin: Kin, bundles: ReadonlyMap<number, readonly Bundle[]>, options: BoxOptions) {
    this.model = model;
    this.kin = kin;
    this.bundles = bundles;
    this.options = options;
    this.shown = shownOf(model, options.shortest);
  }

  /** Of the whole picture. */
  roots(): Box[] {
    const { count } = this.model;
    const roots: Box[] = [];
    const todo: { readonly of: number; readonly into: Box[] }[] = [{ of: count, into: roots }];
    for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
      const children = this.kin.childrenOf(next.of).filter((place) => this.shown[place] === 1);
      for (const alike of alikeAmong(children, (place) => this.kin.shape[place])) {
        const key = `${next.of}:${this.kin.shape[alike[0]]}`;
        if (this.folds(alike, key)) next.into.push(this.folded([alike], key, 0));
        else {
          for (const place of alike) {
            const box = this.box([place], undefined);
            next.into.push(box);
            todo.push({ of: place, into: box.below });
          }
        }
      }
      const bundles = this.bundles.get(next.of === count ? -1 : next.of) ?? [];
      for (const bundle of bundles) next.into.push(bundleBox(bundle));
    }
    return roots;
  }

  private box(lives: readonly number[], foldKey: string | undefined): Box {
    const { from, to } = this.model;
    let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const place of lives) {
      first = Math.min(first, from[place]);
      last = Math.max(last, to[place]);
    }
    const strands = lives.length > 1 ? strandsOf(this.model, lives) : undefined;
    const below: Box[] = [];
    return { lives, bundle: undefined, from: first, to: last, end: last, below, height: 1, row: 0, foldKey, strands };
  }

  private folds(alike: readonly number[], key: string): boolean {
    const { fold, unfolded } = this.options;
    if (alike.length < FOLD_FROM || fold === 'none' || unfolded.has(key)) return false;
    if (this.kin.depth[alike[0]] > DEPTH) return false;
    return fold === 'all' || this.areSmall(alike);
  }

  private areSmall(alike: readonly number[]): boolean {
    const { from, to, data } = this.model;
    const sum = alike.reduce((all, place) => all + to[place] - from[place], 0);
    return sum / alike.length < data.to * SMALL_PART;
  }

  /** One box for all, and below it one for each group of their children, which are of equal shapes. */
  private folded(families: readonly (readonly number[])[], key: string, depth: number): Box {
    const { from } = this.model;
    const lives = families.flat().sort((a, b) => from[a] - from[b] || a - b);
    const box = this.box(lives, key);
    const children = lives.map((place) => this.kin.childrenOf(place));
    const groups = alikeAmong([...children[0].keys()], (i) => this.kin.shape[children[0][i]]);
    for (const group of groups) {
      const below = children.map((list) => group.map((i) => list[i]).filter((place) => this.shown[place] === 1));
      if (below.some((list) => list.length > 0)) box.below.push(this.folded(below, key, depth + 1));
    }
    return box;
  }
}

function shownOf({ count, from, to, parent }: Model, shortest: number): Uint8Array {
  const shown = new Uint8Array(count);
  for (let place = count - 1; place >= 0; place--) {
    if (to[place] - from[place] >= shortest) shown[place] = 1;
    if (shown[place] === 1 && parent[place] >= 0) shown[parent[place]] = 1;
  }
  return shown;
}

function bundleBox(bundle: Bundle): Box {
  const { from, to } = bundle;
  return { lives: [], bundle, from, to, end: to, below: [], height: 1, row: 0, foldKey: undefined, strands: undefined };
}
