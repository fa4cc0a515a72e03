/** Colours and sizes of the picture, from the style: which scheme the system wishes is decided there. */
import { sweep } from '../load.ts';
import { type Model, nameAt, textOf } from './read-data.ts';

export const ROW = { height: 20, gap: 2 } as const;
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

/** Names of commands by the time they ran, not counting while they waited for children: the most first. */
export function busiestNames(model: Model): string[] {
  const times = new Map<string, number>();
  sweep(model.spans, {
    ran: (place, from, to) => {
      const name = nameAt(model, place);
      times.set(name, (times.get(name) ?? 0) + to - from);
    },
  });
  return [...times]
    .sort(([, a], [, b]) => b - a)
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
