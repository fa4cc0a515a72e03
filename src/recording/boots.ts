/** The last boot of each machine: whoever was there before it is there no more, whatever was told of him. */
import type { Told } from './row.ts';

type Whose = Pick<Told, 'host' | 'boot'>;

export class Boots {
  private readonly last = new Map<string | undefined, string>();
  private readonly over = new Set<string>();
  private first: string | undefined;
  private heir: string | undefined;

  /**
   * What stands for the boot of a record. To be asked of every record, in their order: lines that name no boot are of the first that is named
   * after them, as where the beginning of a recording is cut off.
   */
  keyOf({ boot }: Whose): string {
    this.first ??= boot;
    if (this.first !== '' || boot === '') return boot;
    this.heir ??= boot;
    return boot === this.heir ? '' : boot;
  }

  /** To be told of every record. Returns what stands for the boot that is over by it, if one is. */
  turnTo(whose: Whose): string | undefined {
    const key = this.keyOf(whose);
    const { host } = whose;
    const before = this.last.get(host);
    if (before === key || this.over.has(key)) return undefined;
    this.last.set(host, key);
    if (before !== undefined) this.over.add(before);
    return before;
  }

  /** What still comes of it is late. */
  isOver(key: string): boolean {
    return this.over.has(key);
  }
}
