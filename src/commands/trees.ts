/** The trees of `procwatch tree`: one for each boot of each machine, since numbers of processes mean nothing beyond. */
import { LifeTree } from '../format/life-tree.ts';
import { Boots } from '../recording/boots.ts';
import type { Hosts } from '../recording/hosts.ts';
import { machineName } from '../recording/machine-name.ts';
import type { Told } from '../recording/row.ts';

interface Tree {
  host: string | undefined;
  readonly lives: LifeTree;
}

export class Trees {
  private readonly hosts: Hosts;
  private readonly boots = new Boots();
  /** By boot, in the order in which they were heard of. */
  private readonly trees = new Map<string, Tree>();

  constructor(hosts: Hosts) {
    this.hosts = hosts;
  }

  /** To be asked of every record, in their order. */
  of(told: Told): LifeTree {
    this.hosts.meet(told);
    const over = this.boots.turnTo(told);
    if (over !== undefined) this.trees.get(over)?.lives.concludeAll();
    const boot = this.boots.keyOf(told);
    const known = this.trees.get(boot);
    if (known !== undefined) {
      known.host ??= told.host;
      return known.lives;
    }
    const lives = new LifeTree();
    this.trees.set(boot, { host: told.host, lives });
    return lives;
  }

  /** Each below its machine, unless there is only one. */
  render(options: Parameters<LifeTree['render']>[0]): string {
    const drawn = [...this.trees.values()].filter(({ lives }) => !lives.isEmpty);
    const name = drawn.length > 1 || this.hosts.areMany ? machineName(drawn.map(({ host }) => host)) : undefined;
    return drawn.map(({ lives }, i) => lives.render(options, name?.(i))).join('');
  }
}
