/**
 * A timeline as the page gets it: columns of small numbers, each text once. Times are whole microseconds. What the page reads back is
 * in page/model.ts; a test holds both together.
 */
import { humanDuration } from '../format/times.ts';
import type { Findings } from './findings.ts';
import { type Beginning, type Ending, isFailure, type Life, type ProgramText, type Timeline } from './life.ts';
import { endOf, outcomeOf } from './outcome.ts';
import { FLAG, type PageData, UNKNOWN } from './page-columns.ts';

const MICRO = 1000;
const micros = (nanos: number): number => Math.round(nanos / MICRO);

/** Gives each value a number, the first time it comes. */
class Numbers<Value> {
  readonly values: Value[] = [];
  private readonly places = new Map<Value, number>();

  of(value: Value): number {
    const known = this.places.get(value);
    if (known !== undefined) return known;
    this.places.set(value, this.values.length);
    return this.values.push(value) - 1;
  }
}

const BEGINNINGS: Record<Beginning, number> = { heard: 0, told: 0, before: FLAG.before };
const ENDINGS: Record<Ending, number> = { told: 0, inferred: FLAG.inferred, running: FLAG.running };

function flagsOf(life: Life): number {
  return (
    (isFailure(life) ? FLAG.failure : 0) |
    (life.unseen ? FLAG.unseen : 0) |
    BEGINNINGS[life.began] |
    ENDINGS[life.ended] |
    (life.programs[0].own ? FLAG.own : 0) |
    (life.usage?.cpuIsLowerBound ? FLAG.cpuIsLowerBound : 0)
  );
}

/** Each way to end once, as a pair of the words for it and the status alone. */
class Outcomes {
  private readonly pairs = new Numbers<string>();
  readonly words: string[] = [];
  readonly ends: string[] = [];

  of(life: Life): number {
    const [words, end] = [outcomeOf(life), endOf(life)];
    const place = this.pairs.of(`${end}\0${words}`);
    this.words[place] = words;
    this.ends[place] = end;
    return place;
  }
}

class Texts {
  readonly texts = new Numbers<string>();
  private readonly programs = new Map<ProgramText, number>();
  readonly columns: Record<keyof PageData['programs'], number[]> = {
    name: [],
    command: [],
    exe: [],
    cwd: [],
    user: [],
  };

  programOf(text: ProgramText): number {
    const known = this.programs.get(text);
    if (known !== undefined) return known;
    const place = this.programs.size;
    this.programs.set(text, place);
    const { name, command, exe, cwd, user } = text;
    for (const [column, value] of Object.entries({ name, command, exe, cwd, user })) {
      this.columns[column as keyof PageData['programs']].push(value === undefined ? UNKNOWN : this.texts.of(value));
    }
    return place;
  }
}

/** Each number as its difference to the one before. */
function differences(values: readonly number[]): number[] {
  return values.map((value, i) => (i === 0 ? value : value - values[i - 1]));
}

export function pageDataOf(timeline: Timeline, findings: Findings): PageData {
  const { lives, losses, bundles, facts, title, to } = timeline;
  const texts = new Texts();
  const outcomes = new Outcomes();
  const places = new Map(lives.map((life, place) => [life, place]));
  const placeOf = (life: Life | undefined): number => (life && places.get(life)) ?? UNKNOWN;
  const column = (value: (life: Life, place: number) => number): number[] => lives.map(value);
  const optional = (value: number | undefined): number => (value === undefined ? UNKNOWN : value);
  const execs = lives.flatMap((life, place) =>
    life.programs.slice(1).map(({ at, text }) => ({ place, at: micros(at) - micros(life.from), text })),
  );
  return {
    title,
    ...facts,
    to: micros(to),
    lives: {
      pid: differences(column(({ pid }) => pid)),
      ppid: column(({ ppid, parent }) => (ppid === undefined || ppid === parent?.pid ? 0 : ppid)),
      parent: column(({ parent }, place) => (parent === undefined ? 0 : place - placeOf(parent))),
      from: differences(column(({ from }) => micros(from))),
      length: column((life) => micros(life.to) - micros(life.from)),
      flags: column(flagsOf),
      program: column(({ programs }) => texts.programOf(programs[0].text)),
      outcome: column((life) => outcomes.of(life)),
      cpu: column(({ usage }) => (usage?.cpuNanos === undefined ? UNKNOWN : micros(usage.cpuNanos))),
      rss: column(({ usage }) => optional(usage?.maxRssKib)),
      read: column(({ usage }) => optional(usage?.readBytes)),
      written: column(({ usage }) => optional(usage?.writeBytes)),
    },
    execs: {
      life: differences(execs.map(({ place }) => place)),
      at: execs.map(({ at }) => at),
      program: execs.map(({ text }) => texts.programOf(text)),
    },
    bundles: bundles.map(({ parent, count, from, to: end, longest, failures }) => ({
      parent: placeOf(parent),
      count,
      from: micros(from),
      to: micros(end),
      longest: humanDuration(longest / 1e9),
      failures,
    })),
    losses: losses.map((loss) => ({ from: micros(loss.from), to: micros(loss.to), says: lossInWords(loss) })),
    chain: {
      life: differences(findings.chain.map(({ place }) => place)),
      at: differences(findings.chain.map(({ from }) => micros(from))),
      length: findings.chain.map((link) => micros(link.to) - micros(link.from)),
    },
    findings: { figures: findings.figures, sections: findings.sections, missing: findings.missing },
    // Last: the columns above have filled them.
    programs: texts.columns,
    texts: texts.texts.values,
    outcomes: outcomes.words,
    ends: outcomes.ends,
  };
}

function lossInWords({ reason, count }: Timeline['losses'][number]): string {
  return count === undefined
    ? `lost: unknown number (${reason})`
    : `lost: ${count.toLocaleString('en-US')} (${reason})`;
}
