/** What the filter box lets through: a name or a regular expression, looked for in names and command lines alike. */
import { type Model, textOf } from './model.ts';

export type Matcher = (text: string) => boolean;

/** As a regular expression where it is one, else as it is typed. Letters match in both cases. */
export function matcherOf(typed: string): Matcher | undefined {
  if (typed === '') return undefined;
  try {
    const pattern = new RegExp(typed, 'iu');
    return (text) => pattern.test(text);
  } catch {
    const plain = typed.toLowerCase();
    return (text) => text.toLowerCase().includes(plain);
  }
}

/** 1 for each life of which a program matches. */
export function matchesOf(model: Model, matches: Matcher): Uint8Array {
  const programs = model.data.programs.name.map(
    (_, program) => matches(textOf(model, 'name', program)) || matches(textOf(model, 'command', program)),
  );
  return Uint8Array.from({ length: model.count }, (_, place) => {
    if (programs[model.last[place]]) return 1;
    for (let i = model.execs[place]; i < model.execs[place + 1]; i++) if (programs[model.execProgram[i]]) return 1;
    return 0;
  });
}
