/**
 * From what was recorded to what was asked for: what a live watch decides behind its source is decided here of records that were read. Nothing
 * is looked up anywhere else: names are those of the records.
 */
import type { FieldContext } from '../format/field.ts';
import { compareMoments, type Moment } from '../process/moment.ts';
import type { ProcessRecord } from '../process/record.ts';
import { type Selection, Selector } from '../process/select.ts';
import type { Text } from '../process/text.ts';
import { Boots } from './boots.ts';
import { Family } from './family.ts';
import { Hosts } from './hosts.ts';
import type { ReadProcessRecord, ReadRecord, Told } from './row.ts';
import { UserNames } from './user-names.ts';

export interface ReplayOptions {
  readonly selection: Selection;
  /** Names of users, wanted and not, that are numbers on the machine of the recording only. */
  readonly users?: { readonly wanted: readonly string[]; readonly unwanted: readonly string[] };
  /** Which records of processes may be told. */
  readonly shows: (record: ProcessRecord) => boolean;
  readonly since?: Moment | undefined;
  readonly until?: Moment | undefined;
  readonly wantsAncestry: boolean;
  /** Whose records they are; found out as they come where this is absent. */
  readonly hosts?: Hosts;
  /** What becomes of a record before anything else sees it. */
  readonly revise?: readonly ((record: ProcessRecord) => ProcessRecord)[];
}

export interface Judged {
  readonly record: ReadRecord;
  /** Whether the selection takes it. */
  readonly isChosen: boolean;
}

const isOfProcess = (record: ReadRecord): record is ReadProcessRecord => 'pid' in record;

const ZERO: Moment = { seconds: 0, nanos: 0 };

export class Replay {
  private readonly options: ReplayOptions;
  private readonly selector: Selector;
  private readonly roots: readonly number[];
  /** Numbers of processes mean nothing beyond a boot of a machine, and those of users nothing beyond a machine. */
  private readonly families = new Map<string, Family>();
  private readonly users = new Map<string | undefined, UserNames>();
  private readonly boots = new Boots();
  private readonly hosts: Hosts;
  private told: Told | undefined;
  private uid: number | undefined;

  constructor(options: ReplayOptions) {
    const { selection } = options;
    this.options = options;
    this.hosts = options.hosts ?? new Hosts('unknown');
    this.selector = new Selector({ ...selection, uid: { wanted: [], unwanted: [] } });
    this.roots = [...selection.tree.wanted, ...selection.tree.unwanted];
  }

  private familyOf(boot: string): Family {
    const family = this.families.get(boot) ?? new Family(this.roots);
    this.families.set(boot, family);
    return family;
  }

  private usersOf(host: string | undefined): UserNames {
    const known = this.users.get(host);
    if (known !== undefined) return known;
    const users = new UserNames(this.options.selection.uid, this.options.users);
    this.users.set(host, users);
    return users;
  }

  /** Whether a record that is not shown may still matter for others. */
  get needsFamily(): boolean {
    return this.roots.length > 0 || this.options.wantsAncestry;
  }

  /** What a formatter knows besides the record: of the one that `turnTo` named last. */
  context(extras: FieldContext['extras']): FieldContext {
    const replay = this;
    return {
      extras: new Set([...extras, 'host']),
      get wallOffset() {
        return replay.told?.wallOffset ?? ZERO;
      },
      userName: (uid) => (uid === this.uid ? this.told?.user : this.userName(uid, this.told?.host)),
      get tellsHosts() {
        return replay.hosts.areMany;
      },
      get host() {
        return replay.hosts.toTell(replay.told);
      },
    };
  }

  turnTo(record: ReadRecord): void {
    this.told = record.told;
    this.hosts.meet(record.told);
    this.uid = isOfProcess(record) ? record.image.uid : undefined;
  }

  /** @param host the machine; where there is one, whichever that is */
  userName(uid: number, host: string | undefined = this.users.keys().next().value): Text | undefined {
    return this.users.get(host)?.nameOf(uid);
  }

  /** Those that are to be told, in their order. */
  take(records: readonly ReadRecord[]): ReadRecord[] {
    const chosen: ReadRecord[] = [];
    for (const record of records) {
      const judged = this.judge(record);
      if (judged?.isChosen) chosen.push(judged.record);
    }
    return chosen;
  }

  /** The same, with those that were not selected among them. */
  judgeAll(records: readonly ReadRecord[]): Judged[] {
    return records.flatMap((record) => this.judge(record) ?? []);
  }

  private judge(record: ReadRecord): Judged | undefined {
    if (!isOfProcess(record)) {
      const isOutside = record.event === 'lost' && !this.isWithin(record.told.wall);
      return isOutside ? undefined : { record, isChosen: true };
    }
    const { host, user } = record.told;
    this.usersOf(host).learn(record.image.uid, user);
    const over = this.boots.turnTo(record.told);
    if (over !== undefined) this.families.delete(over);
    const family = this.familyOf(this.boots.keyOf(record.told));
    const proc = this.needsFamily ? family.take(record) : undefined;
    if (!this.isWithin(record.told.wall) || record.told.isStrange || !this.options.shows(record)) return undefined;
    if (record.event === 'alive' && this.roots.length > 0) family.settle();
    const known = { pid: record.pid, trees: proc?.trees ?? [], image: record.image };
    const revised = this.revised(record);
    const isChosen = this.choosesUser(record) && this.selector.mayShow(known) && this.selector.shows(revised);
    if (!isChosen || !this.options.wantsAncestry || proc === undefined || revised.ancestry !== undefined) {
      return { record: revised, isChosen };
    }
    // Its names too are revised.
    return { record: this.revised({ ...record, ancestry: family.ancestryOf(record, proc) }), isChosen };
  }

  private choosesUser({ image: { uid }, told }: ReadProcessRecord): boolean {
    const users = this.usersOf(told.host);
    return users.chooses(uid, told.user ?? (uid === undefined ? undefined : users.nameOf(uid)));
  }

  private revised(record: ReadProcessRecord): ReadProcessRecord {
    const { revise = [] } = this.options;
    return revise.reduce((left, change) => ({ ...change(left), told: record.told }), record);
  }

  private isWithin(wall: Moment): boolean {
    const { since, until } = this.options;
    if (until !== undefined && compareMoments(wall, until) > 0) return false;
    return since === undefined || compareMoments(wall, since) >= 0;
  }
}
