/**
 * From images to the texts that are shown, escaped once, and whatever else is shown of what somebody else wrote. Bounded: a command line is cut where it is very long, and much sooner once
 * the texts together have become many.
 */
import { commandLine, escapeText } from '../format/escape.ts';
import type { Image } from '../process/image.ts';
import { readable, type Text } from '../process/text.ts';
import type { ProgramText } from './life.ts';

const MOST = { letters: 32 * 1024, lettersWhenFull: 256 } as const;
export const LETTERS_IN_ALL = 64 * 2 ** 20;

export interface TextOptions {
  /** The name of a user id; undefined while it is unknown. */
  readonly userName?: ((uid: number) => Text | undefined) | undefined;
  /** Letters of all texts together, from which on they are cut sooner. */
  readonly lettersInAll?: number;
}

const base = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

function nameOf({ comm, exe, args }: Image): string {
  const name = comm ?? (exe && base(readable(exe))) ?? (args?.[0] && base(readable(args[0])));
  return name === undefined || readable(name) === '' ? '?' : escapeText(name);
}

export class ProgramTexts {
  private readonly userName: (uid: number) => Text | undefined;
  private readonly lettersInAll: number;
  private readonly known = new WeakMap<Image, ProgramText>();
  /** Each text once: the same command line comes again and again. */
  private readonly kept = new Map<string, string>();
  private letters = 0;

  constructor({ userName = () => undefined, lettersInAll = LETTERS_IN_ALL }: TextOptions = {}) {
    this.userName = userName;
    this.lettersInAll = lettersInAll;
  }

  of(image: Image): ProgramText {
    const known = this.known.get(image);
    if (known !== undefined) return known;
    const { args, argsTotal, exe, cwd, uid } = image;
    const name = this.keep(nameOf(image));
    const line = args === undefined ? `[${name}]` : commandLine(args, argsTotal);
    const user = uid === undefined ? undefined : (this.userName(uid) ?? String(uid));
    const text: ProgramText = {
      name,
      command: this.keep(line),
      ...(exe !== undefined && { exe: this.keep(escapeText(exe)) }),
      ...(cwd !== undefined && { cwd: this.keep(escapeText(cwd)) }),
      ...(user !== undefined && { user: this.keep(escapeText(user)) }),
    };
    this.known.set(image, text);
    return text;
  }

  /** Of all that is kept of it, one copy, cut where there is too much. */
  keep(whole: string): string {
    const most = this.letters < this.lettersInAll ? MOST.letters : MOST.lettersWhenFull;
    const text =
      whole.length <= most ? whole : `${whole.slice(0, most)}… (${whole.length.toLocaleString('en-US')} letters)`;
    const kept = this.kept.get(text);
    if (kept !== undefined) return kept;
    this.letters += text.length;
    if (this.letters < this.lettersInAll) this.kept.set(text, text);
    return text;
  }
}
