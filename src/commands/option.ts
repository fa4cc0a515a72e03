/** What an option is: a row of a table. The groups that help and the manual show options in. */

export interface Option<T> {
  readonly short?: string;
  /** Without dashes. */
  readonly long: string;
  /** The value's name in help; without one the option is a switch. */
  readonly value?: string;
  readonly meaning: string;
  /** What the value may be, where that is a short list of names. */
  readonly choices?: readonly string[];
  /** Several of them at once, comma separated. */
  readonly isList?: true;
  readonly group: Group;
  /** Has a meaning only where processes are watched as they live, or only for recordings. */
  readonly only?: 'live' | 'recorded';
  /** What to do with a recording instead. */
  readonly instead?: string;
  /** From all values given, in order; for a switch one empty text for each time it is given. */
  readonly read: (texts: readonly string[], flag: string) => T;
}

export const GROUPS = {
  what: 'What to watch',
  who: 'Which processes (different kinds must all match, several of one kind are alternatives)',
  how: 'How to show it',
  where: 'Where it goes, and for how long',
  far: 'Many hosts, by a NATS server with JetStream',
  flight: 'A flight recorder',
  recording: 'From a recording',
  kernel: 'The kernel side',
} as const;
export type Group = keyof typeof GROUPS;

export const last = <T>(values: readonly T[]): T => values[values.length - 1];
export const given = (texts: readonly string[]): boolean => texts.length > 0;
