/**
 * When two lives are alike: same name, same end, and children that are alike, all the way down. The drawn tree and the picture of a
 * timeline fold by the same rule. Pure.
 */

/** This many alike siblings or more are drawn as one. */
export const FOLD_FROM = 3;

/** Numbers shapes from the leaves up, so that to compare two branches is to compare two numbers. */
export class Shapes {
  private readonly numbers = new Map<string, number>();

  of(name: string, outcome: string, children: readonly number[]): number {
    const key = `${children.join()} ${outcome}\0${name}`;
    const shape = this.numbers.get(key) ?? this.numbers.size;
    this.numbers.set(key, shape);
    return shape;
  }
}

/** Siblings by shape, in the order of the first of each group. */
export function alikeAmong<Item>(siblings: readonly Item[], shapeOf: (item: Item) => number): Item[][] {
  const groups = new Map<number, Item[]>();
  for (const item of siblings) {
    const shape = shapeOf(item);
    const alike = groups.get(shape);
    if (alike === undefined) groups.set(shape, [item]);
    else alike.push(item);
  }
  return [...groups.values()];
}
