/** THE table of what rows can be made by: the name of a row, as a record tells it, and how it is shown. Pure. */
import { containerOf, unitOf } from '../process/cgroup.ts';
import type { ProcessRecord } from '../process/record.ts';
import type { Text } from '../process/text.ts';

export interface Grouping {
  readonly meaning: string;
  /** What the record has to be asked for besides the usual. */
  readonly needsCgroup: boolean;
  /** The name is that of a cause: only ends have one, and only they are counted. */
  readonly needsCauses?: true;
  /**
   * Undefined where it is unknown.
   * @param host the machine that the record is of, where it was recorded
   */
  readonly nameOf: (record: ProcessRecord, host?: string) => Text | undefined;
  /** Only recordings tell of more than one. */
  readonly ofRecordings?: true;
  /** The name is the number of a user, whose name is looked up when it is shown. */
  readonly isUser?: true;
}

const ofCgroup = (find: (cgroup: string) => string | undefined) => (record: ProcessRecord) =>
  record.cgroup === undefined ? undefined : find(record.cgroup);

export const GROUPINGS = {
  command: {
    meaning: 'the name of the process; a fork counts for the name that forked',
    needsCgroup: false,
    nameOf: ({ image }) => image.comm,
  },
  user: {
    meaning: 'the effective user',
    needsCgroup: false,
    isUser: true,
    nameOf: ({ image }) => (image.uid === undefined ? undefined : String(image.uid)),
  },
  parent: { meaning: 'the name of the parent', needsCgroup: false, nameOf: ({ parentComm }) => parentComm },
  unit: { meaning: 'the systemd unit', needsCgroup: true, nameOf: ofCgroup(unitOf) },
  container: { meaning: 'the container', needsCgroup: true, nameOf: ofCgroup(containerOf) },
  cause: {
    meaning: 'why they ended; births and programs are not counted then',
    needsCgroup: false,
    needsCauses: true,
    nameOf: ({ exit }) => exit?.cause?.cause,
  },
  exe: { meaning: 'the path of the program', needsCgroup: false, nameOf: ({ image }) => image.exe },
  host: {
    meaning: 'the machine, of recordings',
    needsCgroup: false,
    ofRecordings: true,
    nameOf: (_, host?: string) => host,
  },
} as const satisfies Record<string, Grouping>;

export type GroupingName = keyof typeof GROUPINGS;
export const GROUPING_NAMES = Object.keys(GROUPINGS) as GroupingName[];
