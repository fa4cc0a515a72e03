/**
 * The chain of last finishers: from the end of a process back to its birth, always through the child that ended last before. It is what
 * can be said without knowing who needed what of whom, and no proven critical path. Pure.
 */
import type { Spans } from './spans.ts';

/** In this time the chain goes through this life itself, and not through a child of it. */
export interface Link {
  readonly place: number;
  readonly from: number;
  readonly to: number;
}

/** Children of each life, the one that ended last first. */
function childrenByEnd({ count, parent, to }: Spans): Int32Array[] {
  const lists: number[][] = Array.from({ length: count }, () => []);
  for (let place = 0; place < count; place++) if (parent[place] >= 0) lists[parent[place]].push(place);
  return lists.map((list) => Int32Array.from(list.sort((a, b) => to[b] - to[a])));
}

/** In the order of time. Without a gap, from the birth of `root` to its end. */
export function lastFinishers(spans: Spans, root: number): Link[] {
  const children = childrenByEnd(spans);
  const cursors = new Uint32Array(spans.count);
  const links: Link[] = [];
  /** Where the chain has come to: the lives it is in, from the root down. */
  const path = [root];
  let time = spans.to[root];
  while (path.length > 0) {
    const place = path[path.length - 1];
    const list = children[place];
    while (cursors[place] < list.length && spans.to[list[cursors[place]]] > time) cursors[place]++;
    const child = cursors[place] < list.length ? list[cursors[place]++] : -1;
    const until = child < 0 ? Math.min(spans.from[place], time) : spans.to[child];
    if (time > until) links.push({ place, from: until, to: time });
    time = until;
    if (child < 0) path.pop();
    else path.push(child);
  }
  return links.reverse();
}
