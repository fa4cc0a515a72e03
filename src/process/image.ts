/**
 * What a process runs: name, arguments, program, directory, user. An image is read only and shared: a fork's child has the very
 * image of its parent until it executes something else. A member that is absent is unknown.
 */
import { bounded } from './image-bounds.ts';
import type { Text } from './text.ts';

export const MISSING = ['gone', 'hidden', 'denied', 'stuck'] as const;
export type Missing = (typeof MISSING)[number];

export interface Image {
  readonly comm?: Text | undefined;
  readonly args?: readonly Text[] | undefined;
  /** Bytes of all arguments with their NULs, where `args` are only the beginning of them. */
  readonly argsTotal?: number | undefined;
  readonly exe?: Text | undefined;
  /** The file has no name any more, or never had one (memfd): `exe` is the one it had. */
  readonly exeDeleted?: true | undefined;
  readonly exeMissing?: PathMissing | undefined;
  /** What was passed to execve(2): of a script the script, may be relative; `exe` is the file that runs. */
  readonly path?: Text | undefined;
  /** The file that runs, by what no rename and no other root directory changes. */
  readonly file?: FileId | undefined;
  readonly cwd?: Text | undefined;
  readonly cwdDeleted?: true | undefined;
  readonly cwdMissing?: PathMissing | undefined;
  /** Effective user id, what `ps` shows. */
  readonly uid?: number | undefined;
  /**
   * Why there are no arguments: it was gone before they could be read, /proc hides it (hidepid), it is not for us to read them, or they did not
   * come in time, since whoever holds its memory hangs.
   */
  readonly missing?: Missing | undefined;
  /** Nobody wanted to see it so far: to be read if somebody does. */
  readonly unread?: true | undefined;
  /** The arguments as they lay in memory, one letter a byte, each ended by a zero; where they came so. Says the same as `args`. */
  readonly argsLetters?: string | undefined;
  /** Bytes of all text it holds, where that is known without making texts of them. */
  readonly textBytes?: number;
  /** Lets go of all arguments but this many bytes, where it has a way of its own to do so. */
  lighten?(argsBytes: number): void;
  /** A place where whoever writes images keeps what it has made of this one. Not part of what it is. */
  kept?: { readonly by: object; readonly letters: string; readonly user: Text | undefined } | undefined;
}

/**
 * Why a path is not known although the kernel was asked: it has more directories or bytes than a program in the kernel may walk, a name in it was
 * changed meanwhile, it lies outside of the root, or memory could not be read.
 */
export const PATHS_MISSING = ['too deep', 'too long', 'torn', 'unreachable', 'unreadable'] as const;
export type PathMissing = (typeof PATHS_MISSING)[number];

export interface FileId {
  /** `major:minor` of the file system, as in /proc/PID/mountinfo; absent where only the account of an ended process knows the file. */
  readonly device?: string;
  readonly inode: bigint | number;
}

export const UNKNOWN_IMAGE: Image = {};

type Member = Exclude<keyof Image, 'argsLetters' | 'textBytes' | 'lighten' | 'kept'>;

const MEMBERS: Readonly<Record<Member, true>> = {
  comm: true,
  args: true,
  argsTotal: true,
  exe: true,
  exeDeleted: true,
  exeMissing: true,
  path: true,
  file: true,
  cwd: true,
  cwdDeleted: true,
  cwdMissing: true,
  uid: true,
  missing: true,
  unread: true,
};

/** The same image but for these members. Not by a spread: an image may find out its members only when it is asked for them. */
export function changed(image: Image, changes: Image): Image {
  const told: Record<string, unknown> = {};
  for (const name of Object.keys(MEMBERS) as Member[]) {
    const value = name in changes ? changes[name] : image[name];
    if (value !== undefined) told[name] = value;
  }
  return bounded(told);
}
