/** Recordings as the source of a timeline: every record with the boot of the machine it is of, and what they say about machines and users. */
import { utcTime } from '../format/times.ts';
import type { Text } from '../process/text.ts';
import type { MachineFacts } from '../timeline/life.ts';
import type { RecordSource, SourcedRecord } from '../timeline/source.ts';
import { Boots } from './boots.ts';
import { machineName } from './machine-name.ts';
import type { ReadRecord } from './row.ts';

interface Machine {
  host: string | undefined;
  readonly users: Map<number, Text>;
}

export class RecordedSource implements RecordSource {
  readonly batches: AsyncIterable<readonly SourcedRecord[]>;
  private readonly passed: () => number;
  private began: string | undefined;
  /** By host, as its last start says. */
  private readonly found = new Map<unknown, MachineFacts>();
  private readonly boots = new Boots();
  /** By boot, in the order in which they were heard of. */
  private readonly machines = new Map<string, Machine>();

  /** @param passed lines that were no records, so far */
  constructor(batches: AsyncIterable<readonly ReadRecord[]>, passed: () => number) {
    this.passed = passed;
    this.batches = this.noted(batches);
  }

  /** Of several machines that is how many CPUs they have together. */
  facts(): MachineFacts {
    const began = this.began === undefined ? {} : { began: this.began };
    const all = [...this.found.values()];
    if (all.length <= 1) return { ...began, ...all[0] };
    const cpus = all.reduce<number | undefined>(
      (sum, one) => (sum === undefined || one.cpus === undefined ? undefined : sum + one.cpus),
      0,
    );
    return { ...began, host: `${all.length} machines`, ...(cpus !== undefined && { cpus }) };
  }

  userName(uid: number, boot: string): Text | undefined {
    return this.machines.get(boot)?.users.get(uid);
  }

  machineName(boot: string): string {
    const place = [...this.machines.keys()].indexOf(boot);
    return machineName([...this.machines.values()].map(({ host }) => host))(place);
  }

  get refused(): number {
    return this.passed();
  }

  private async *noted(batches: AsyncIterable<readonly ReadRecord[]>): AsyncIterable<readonly SourcedRecord[]> {
    for await (const batch of batches) yield batch.map((record) => this.sourced(record));
  }

  private sourced(record: ReadRecord): SourcedRecord {
    const { told } = record;
    const over = this.boots.turnTo(told);
    const boot = this.boots.keyOf(told);
    this.note(record, boot);
    return { record, boot, wall: told.wall, ...(over !== undefined && { over }) };
  }

  private machineOf(boot: string, host: string | undefined): Machine {
    const machine = this.machines.get(boot) ?? { host, users: new Map() };
    machine.host ??= host;
    this.machines.set(boot, machine);
    return machine;
  }

  private note(record: ReadRecord, boot: string): void {
    const { told } = record;
    this.began ??= utcTime(told.wall);
    const machine = this.machineOf(boot, told.host);
    if ('pid' in record) {
      const { uid } = record.image;
      if (uid !== undefined && told.user !== undefined) machine.users.set(uid, told.user);
    } else if (record.event === 'start') {
      const { host, kernel, cpus } = record.facts;
      this.found.set(told.host, {
        ...(typeof host === 'string' && { host }),
        ...(typeof kernel === 'string' && { kernel }),
        ...(typeof cpus === 'number' && { cpus }),
      });
    }
  }
}
