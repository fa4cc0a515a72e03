/** What one process used and who it was, whoever told, and how its exit record gets it. Pure. */
import type { ProcessEnd, ProcessRecord } from '../process/record.ts';
import { readable, type Text } from '../process/text.ts';
import type { Usage } from './usage.ts';

/** A member that is undefined is one that was not told. */
export interface Account extends Usage {
  readonly comm: Text | undefined;
  /** Real user id. */
  readonly uid: number | undefined;
  /** At the end. */
  readonly ppid: number | undefined;
  /** Of the program. */
  readonly exeInode: number | undefined;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** What was read at the start belongs to another program than the one that ended. */
function isReplaced({ imageOf, image }: ProcessRecord, { comm }: Account): boolean {
  return imageOf === 'earlier' && comm !== undefined && readable(comm) !== readable(image.comm ?? comm);
}

/**
 * Gives an exit what its account tells, also of who it was where nobody else knew. In place: tens of thousands come a second, what is
 * copied is what costs most, and nobody else has seen the record yet.
 */
export function accounted(record: ProcessRecord, account: Account): void {
  const { exit } = record;
  if (exit === undefined) return;
  (exit as Mutable<ProcessEnd>).usage = account;
  const told = record as Mutable<ProcessRecord>;
  told.ppid ??= account.ppid;
  if (isReplaced(record, account)) {
    told.image = {};
    told.imageOf = undefined;
  }
  const { image } = record;
  const { comm, uid, exeInode } = account;
  const isNews =
    (image.comm === undefined && comm !== undefined) ||
    (image.uid === undefined && uid !== undefined) ||
    (image.file === undefined && exeInode !== undefined);
  if (!isNews) return;
  told.image = {
    ...(comm !== undefined && { comm }),
    ...(uid !== undefined && { uid }),
    ...(exeInode !== undefined && { file: { inode: exeInode } }),
    ...image,
  };
}
