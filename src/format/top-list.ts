/** The few largest of many, in bounded memory: the first comes first among equals. Pure. */

export class TopList<Item> {
  private readonly most: number;
  private readonly measure: (item: Item) => number;
  private readonly kept: { readonly item: Item; readonly size: number }[] = [];

  constructor(most: number, measure: (item: Item) => number) {
    this.most = most;
    this.measure = measure;
  }

  add(item: Item): void {
    const size = this.measure(item);
    const last = this.kept[this.kept.length - 1];
    if (this.kept.length >= this.most && size <= last.size) return;
    const place = this.kept.findIndex((one) => one.size < size);
    this.kept.splice(place < 0 ? this.kept.length : place, 0, { item, size });
    this.kept.length = Math.min(this.kept.length, this.most);
  }

  /** The largest first. */
  get items(): Item[] {
    return this.kept.map(({ item }) => item);
  }
}
