/**
 * The timeline of several machines: a collector for each boot of each, since numbers of processes and the kernel's clock mean nothing beyond
 * it. At the end all are laid on one axis of time by the wall clock, each below a row of its own. Clocks of machines may differ.
 */
import { escapeText } from '../format/escape.ts';
import { type Moment, secondsBetween } from '../process/moment.ts';
import { Collector, type CollectorOptions, type Grown, LIMIT } from './collector.ts';
import { GrowingLife } from './growing-life.ts';
import type { Bundle, MachineFacts, Timeline } from './life.ts';
import { sortByBirth } from './parents.ts';
import { LETTERS_IN_ALL } from './program-texts.ts';
import type { SourcedRecord } from './source.ts';
import { Tally } from './tally.ts';

interface Machine {
  readonly collector: Collector;
  /** Of its first record. */
  readonly began: Moment;
}

const NANO = 1e9;

const nanosBetween = (from: Moment, to: Moment): number =>
  Math.round(secondsBetween({ seconds: from.seconds, nanos: 0 }, { seconds: to.seconds, nanos: 0 }) * NANO) +
  to.nanos -
  from.nanos;

export class Machines {
  private readonly optionsFor: (boot: string) => CollectorOptions;
  private readonly tally = new Tally();
  private readonly byBoot = new Map<string, Machine>();

  /** @param optionsFor asked once for each boot */
  constructor(optionsFor: (boot: string) => CollectorOptions) {
    this.optionsFor = optionsFor;
  }

  take({ record, boot, wall, over }: SourcedRecord): void {
    if (over !== undefined) this.byBoot.get(over)?.collector.concludeAll();
    (this.byBoot.get(boot) ?? this.begin(boot, wall)).collector.take([record]);
  }

  private begin(boot: string, began: Moment): Machine {
    const lettersInAll = LETTERS_IN_ALL / (1 + this.byBoot.size);
    const collector = new Collector({ tally: this.tally, lettersInAll, ...this.optionsFor(boot) });
    const machine = { collector, began };
    this.byBoot.set(boot, machine);
    // All together keep about as much as one alone.
    for (const one of this.byBoot.values()) one.collector.limit = Math.ceil(LIMIT / this.byBoot.size);
    return machine;
  }

  /** @param nameOf what a boot of a machine is called, where there are several. Foreign */
  finish(title: string, facts: MachineFacts, nameOf: (boot: string) => string): Timeline {
    const machines = [...this.byBoot];
    const [first] = machines;
    if (machines.length <= 1) return (first?.[1].collector ?? new Collector()).finish(title, facts);
    const origin = machines.map(([, { began }]) => began).reduce((a, b) => (nanosBetween(a, b) < 0 ? b : a));
    const parts = machines.map(([boot, { collector, began }]) =>
      below(nameOf(boot), collector.finish(title, facts, nanosBetween(origin, began))),
    );
    return joined(title, facts, parts, this.tally);
  }
}

/** All roots of a machine below one row that stands for it. */
function below(name: string, part: Grown): Grown {
  const from = part.lives.reduce((least, life) => Math.min(least, life.from), part.from);
  const machine = new GrowingLife(0, undefined, undefined, from, 'told');
  const shown = escapeText(name);
  machine.unseen = true;
  machine.isMachine = true;
  machine.runs(from, { name: shown, command: shown }, true);
  machine.end(part.to, 'told', undefined);
  for (const life of part.lives) life.parent ??= machine;
  const bundles = part.bundles.map((bundle): Bundle => ({ ...bundle, parent: bundle.parent ?? machine }));
  return { ...part, lives: part.lives.length + bundles.length === 0 ? [] : [machine, ...part.lives], bundles };
}

function joined(title: string, facts: MachineFacts, parts: readonly Grown[], tally: Tally): Timeline {
  const lives = parts.flatMap((part) => part.lives);
  sortByBirth(lives);
  return {
    title,
    facts,
    from: 0,
    to: parts.reduce((last, { to }) => Math.max(last, to), 0),
    lives,
    bundles: parts.flatMap(({ bundles }) => bundles),
    tally,
    losses: parts.flatMap(({ losses }) => losses).sort((a, b) => a.to - b.to),
    uncounted: parts.reduce((sum, { uncounted }) => sum + uncounted, 0),
  };
}
