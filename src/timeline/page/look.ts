/** Colours and sizes of the picture, from the style: which scheme the system wishes is decided there. */
import { sweep } from '../load.ts';
import { type Model, nameAt, textOf } from './model.ts';

/** Points between two rows of bars; of the heights of a row the first with which all rows fit is taken, else the last. */
export const GAP = 2;
export const ROW_HEIGHTS = [28, 24, 20, 18] as const;
/** Commands that have a colour of their own; all others share one. */
const COLOURS = 8;

const NAMES = [
  'paper',
  'ink',
  'muted',
  'line',
  'bad',
  'accent',
  'bar-ink',
  'other',
  'running',
  'used',
  'chain',
] as const;

export interface Look {
  readonly of: Readonly<Record<(typeof NAMES)[number], string>>;
  readonly commands: readonly string[];
  /** Of a program, by its place. */
  colourOf(program: number): string;
}

/** Who ran less of its life than this only waited for others, and stays in the background. */
const LEAST_BUSY = 0.2;

/** Names of commands by the time they ran, not counting while they waited for children: the most first. */
export function busiestNames(model: Model): string[] {
  const times = new Map<string, { ran: number; lived: number }>();
  const of = (place: number) => {
    const name = nameAt(model, place);
    const known = times.get(name) ?? { ran: 0, lived: 0 };
    times.set(name, known);
    return known;
  };
  sweep(model.spans, {
    born: (place) => {
      of(place).lived += model.to[place] - model.from[place];
    },
    ran: (place, from, to) => {
      of(place).ran += to - from;
    },
  });
  return [...times]
    .filter(([, { ran, lived }]) => ran > 0 && ran >= lived * LEAST_BUSY)
    .sort(([, a], [, b]) => b.ran - a.ran)
    .map(([name]) => name)
    .slice(0, COLOURS);
}

export function lookOf(model: Model, busiest: readonly string[]): Look {
  const style = getComputedStyle(document.documentElement);
  const value = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  const of = Object.fromEntries(NAMES.map((name) => [name, value(name)])) as Look['of'];
  const commands = busiest.map((_, i) => value(`command-${i}`));
  const byName = new Map(busiest.map((name, i) => [name, commands[i]]));
  const byProgram = model.data.programs.name.map(
    (_, program) => byName.get(textOf(model, 'name', program)) ?? of.other,
  );
  return { of, commands, colourOf: (program) => byProgram[program] };
}
