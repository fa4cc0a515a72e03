/**
 * What a process runs: name, arguments, program, directory, user. An image is read only and shared: a fork's child has the very
 * image of its parent until it executes something else. A member that is absent is unknown.
 */
import type { Text } from './text.ts';

export interface Image {
  readonly comm?: Text;
  readonly args?: readonly Text[];
  readonly exe?: Text;
  readonly cwd?: Text;
  /** Effective user id, what `ps` shows. */
  readonly uid?: number;
  /** The process was gone before its arguments could be read. */
  readonly missing?: 'gone';
  /** Nobody wanted to see it so far: to be read if somebody does. */
  readonly unread?: true;
}

export const UNKNOWN_IMAGE: Image = {};
