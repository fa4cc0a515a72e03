/**
 * What a process runs: name, arguments, program, directory, user. An image is read only and shared: a fork's child has the very
 * image of its parent until it executes something else. A member that is absent is unknown.
 */
import type { Text } from './text.ts';

export interface Image {
  readonly comm?: Text;
  readonly args?: readonly Text[];
  /** Bytes of all arguments with their NULs, where `args` are only the beginning of them. */
  readonly argsTotal?: number;
  readonly exe?: Text;
  /** What was passed to execve(2): of a script the script, may be relative; `exe` is the file that runs. */
  readonly path?: Text;
  /** The file that runs, by what no rename and no other root directory changes. */
  readonly file?: FileId;
  readonly cwd?: Text;
  /** Effective user id, what `ps` shows. */
  readonly uid?: number;
  /** The process was gone before its arguments could be read. */
  readonly missing?: 'gone';
  /** Nobody wanted to see it so far: to be read if somebody does. */
  readonly unread?: true;
}

export interface FileId {
  /** `major:minor` of the file system, as in /proc/PID/mountinfo; absent where only the account of an ended process knows the file. */
  readonly device?: string;
  readonly inode: bigint | number;
}

export const UNKNOWN_IMAGE: Image = {};
