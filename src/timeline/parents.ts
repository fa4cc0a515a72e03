/**
 * Who hangs below whom, once everything was heard: parents that were not known at the birth, parents of which nothing was heard
 * although several processes are theirs, and the nearest that was chosen where the parent itself was not.
 */
import { escapeText } from '../format/escape.ts';
import type { GrowingBundle } from './bundler.ts';
import { GrowingLife } from './growing-life.ts';
import type { Bundle, Life } from './life.ts';

/** So many children make a parent that nothing was heard of worth a row. */
const FAMILY = 2;

function groupedBy(lives: readonly GrowingLife[], key: (life: GrowingLife) => number | undefined) {
  const groups = new Map<number, GrowingLife[]>();
  for (const life of lives) {
    const number = key(life);
    if (number === undefined) continue;
    const others = groups.get(number);
    if (others === undefined) groups.set(number, [life]);
    else others.push(life);
  }
  return groups;
}

/** The holder of a number at the time of a birth. */
function holderAt(holders: readonly GrowingLife[] = [], at: number, child: GrowingLife): GrowingLife | undefined {
  return holders.find((life) => life !== child && life.from <= at && at <= life.to && !isBelow(life, child));
}

function isBelow(life: GrowingLife, other: GrowingLife): boolean {
  for (let one: GrowingLife | undefined = life; one !== undefined; one = one.parent) if (one === other) return true;
  return false;
}

function findMissing(lives: readonly GrowingLife[]): void {
  const orphans = lives.filter(({ parent, ppid }) => parent === undefined && ppid !== undefined);
  if (orphans.length === 0) return;
  const holders = groupedBy(lives, ({ pid }) => pid);
  for (const life of orphans) {
    life.parent = holderAt(holders.get(life.ppid ?? 0), life.from, life);
  }
}

function nearestChosen(parent: GrowingLife | undefined): GrowingLife | undefined {
  let one = parent;
  while (one !== undefined && !one.chosen) one = one.parent;
  return one;
}

/** A row for each process that several roots were born to, over the time of all of them. */
function unseenParents(roots: readonly GrowingLife[]): GrowingLife[] {
  return [...groupedBy(roots, ({ ppid }) => ppid || undefined)].flatMap(([pid, children]) => {
    if (children.length < FAMILY) return [];
    const life = new GrowingLife(pid, undefined, undefined, Number.POSITIVE_INFINITY, 'before');
    life.unseen = true;
    life.to = Number.NEGATIVE_INFINITY;
    let name = '?';
    for (const child of children) {
      child.parent = life;
      life.from = Math.min(life.from, child.from);
      life.to = Math.max(life.to, child.to);
      if (child.parentComm !== undefined) name = escapeText(child.parentComm);
    }
    life.runs(life.from, { name, command: `[${name}]` }, true);
    return [life];
  });
}

/** Ancestors before descendants, also where both begin at the same moment. */
function depthOf(life: Life): number {
  let depth = 0;
  for (let { parent } = life; parent !== undefined; { parent } = parent) depth++;
  return depth;
}

/** In place. */
export function sortByBirth(lives: Life[]): void {
  const depths = new Map<Life, number>();
  const depth = (life: Life): number => {
    const known = depths.get(life) ?? depthOf(life);
    depths.set(life, known);
    return known;
  };
  lives.sort((a, b) => a.from - b.from || depth(a) - depth(b));
}

/** The chosen lives in the order of birth, parents before their children, and their bundles. */
export function findParents(
  all: readonly GrowingLife[],
  bundles: readonly GrowingBundle[],
): { lives: GrowingLife[]; bundles: Bundle[] } {
  findMissing(all);
  const chosen = all.filter((life) => life.chosen);
  const parents = chosen.map(({ parent }) => nearestChosen(parent));
  chosen.forEach((life, i) => {
    life.parent = parents[i];
  });
  const lives = [...unseenParents(chosen.filter(({ parent }) => parent === undefined)), ...chosen];
  sortByBirth(lives);
  return { lives, bundles: bundles.map((bundle) => ({ ...bundle, parent: nearestChosen(bundle.parent) })) };
}
