/**
 * Cuts many lives to fewer: the shortest that have ended and have no children left are bundled with their parent, in rounds, since
 * each round makes more lives childless. What was not chosen goes first, and without a trace.
 */
import type { GrowingLife } from './growing-life.ts';
import { isFailure, type Life } from './life.ts';

export interface GrowingBundle {
  parent: GrowingLife | undefined;
  count: number;
  from: number;
  to: number;
  longest: number;
  wall: number;
  failures: number;
}

const MOST_BUNDLES = 50_000;

const isCuttable = ({ ended, kids }: GrowingLife): boolean => ended !== 'running' && kids === 0;
const lengthOf = ({ from, to }: Life): number => to - from;

/** The length up to which lives must go, so that `many` of them go. */
function thresholdOf(lives: readonly GrowingLife[], many: number): number {
  const lengths = Float64Array.from(lives, lengthOf).sort();
  return lengths[Math.min(many, lengths.length) - 1];
}

export class Bundler {
  private readonly byParent = new Map<GrowingLife | undefined, GrowingBundle[]>();
  private readonly tally: (life: Life) => void;
  private round = new Map<GrowingLife | undefined, GrowingBundle>();

  /** Every life that is bundled is told to `tally`. */
  constructor(tally: (life: Life) => void) {
    this.tally = tally;
  }

  get bundles(): GrowingBundle[] {
    return [...this.byParent.values()].flat();
  }

  /** At most `keep` of them, if so many can go. */
  cut(lives: readonly GrowingLife[], keep: number): GrowingLife[] {
    this.round = new Map();
    let left = this.without(lives, (life) => !life.chosen);
    while (left.length > keep) {
      const cuttable = left.filter(isCuttable);
      if (cuttable.length === 0) break;
      const threshold = thresholdOf(cuttable, left.length - keep);
      left = this.without(left, (life) => lengthOf(life) <= threshold);
    }
    if (this.bundles.length > MOST_BUNDLES) this.merge();
    return left;
  }

  private without(lives: readonly GrowingLife[], goes: (life: GrowingLife) => boolean): GrowingLife[] {
    return lives.filter((life) => {
      if (!isCuttable(life) || !goes(life)) return true;
      if (life.parent !== undefined) life.parent.kids--;
      this.bundle(life);
      return false;
    });
  }

  private bundle(life: GrowingLife): void {
    const { parent, from, to } = life;
    const inherited = this.byParent.get(life) ?? [];
    this.byParent.delete(life);
    for (const bundle of inherited) this.add({ ...bundle, parent });
    if (!life.chosen) return;
    this.tally(life);
    const length = lengthOf(life);
    this.add({ parent, from, to, count: 1, longest: length, wall: length, failures: isFailure(life) ? 1 : 0 });
  }

  private add(more: GrowingBundle): void {
    const bundle = this.round.get(more.parent);
    if (bundle !== undefined) return unite(bundle, more);
    this.round.set(more.parent, more);
    const others = this.byParent.get(more.parent);
    if (others === undefined) this.byParent.set(more.parent, [more]);
    else others.push(more);
  }

  /** One for each parent. */
  private merge(): void {
    for (const [first, ...others] of this.byParent.values()) {
      for (const other of others) unite(first, other);
    }
    for (const [parent, [first]] of this.byParent) this.byParent.set(parent, [first]);
  }
}

function unite(bundle: GrowingBundle, more: GrowingBundle): void {
  bundle.count += more.count;
  bundle.from = Math.min(bundle.from, more.from);
  bundle.to = Math.max(bundle.to, more.to);
  bundle.longest = Math.max(bundle.longest, more.longest);
  bundle.wall += more.wall;
  bundle.failures += more.failures;
}
