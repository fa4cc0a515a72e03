/** Who was there at a moment of a recording, as the source of a snapshot: what a recording does not tell of a process is unknown. */
import { type Moment, minus, plus, ticksOf } from '../process/moment.ts';
import type { Proc } from '../process/table.ts';
import type { Task, TaskReader } from '../ps/task.ts';
import { Boots } from './boots.ts';
import { Family } from './family.ts';
import type { Hosts } from './hosts.ts';
import type { ReadRecord } from './row.ts';
import type { UserNames } from './user-names.ts';

const ZERO: Moment = { seconds: 0, nanos: 0 };
/** A start that was read in ticks lies at a tick, but for what two readings of clocks differ. */
const NEARLY: Moment = { seconds: 0, nanos: 50_000 };
const NANO_DIGITS = 9;

/** Of a start record: what the machine slept until then. */
function suspendedIn(digits: unknown): Moment {
  if (typeof digits !== 'string' || !/^\d{1,19}$/.test(digits)) return ZERO;
  return { seconds: Number(digits.slice(0, -NANO_DIGITS)), nanos: Number(digits.slice(-NANO_DIGITS)) };
}

/** Reads the clocks of a machine, by which times of another become comparable. */
interface Clocks {
  /** CLOCK_REALTIME minus CLOCK_MONOTONIC, and CLOCK_BOOTTIME minus that, as told last. */
  wallOffset: Moment;
  bootOffset: Moment;
}

/** One machine since a boot: who is there on it. All that is known has been told, so nothing is read. */
export class RecordedMachine implements TaskReader {
  /** Its name, where tasks have to say it. */
  hostName: () => string | undefined = () => undefined;
  readonly users: UserNames;
  readonly family = new Family([]);
  readonly clocks: Clocks = { wallOffset: ZERO, bootOffset: ZERO };
  private readonly reference: () => Clocks;

  /** @param reference by whose clocks starts are told */
  constructor(users: UserNames, reference: () => Clocks) {
    this.users = users;
    this.reference = reference;
  }

  get host(): string | undefined {
    return this.hostName();
  }

  pids(): number[] {
    return [...new Set([...this.family.table.all()].filter(({ ended }) => !ended).map(({ pid }) => pid))];
  }

  tasks(pids: readonly number[]): Task[] {
    const procs = pids.flatMap((pid) => this.family.table.living(pid) ?? []);
    return procs.map((proc) => this.taskOf(proc));
  }

  read(): void {}

  readAll(): void {}

  exists(pid: number): boolean {
    return this.family.table.living(pid) !== undefined;
  }

  private ticksOf(start: Moment): number {
    const { clocks } = this;
    const reference = this.reference();
    const isOwn = clocks === reference;
    const at = isOwn ? start : minus(plus(start, clocks.wallOffset), reference.wallOffset);
    return ticksOf(plus(plus(at, reference.bootOffset), NEARLY));
  }

  private taskOf(proc: Proc): Task {
    const { pid, image, start, cgroup } = proc;
    return {
      tid: pid,
      pid,
      ppid: this.family.parentOf(proc),
      pgid: undefined,
      sid: undefined,
      state: undefined,
      comm: image.comm,
      startTicks: start && this.ticksOf(start),
      ...(image.uid !== undefined && { uid: image.uid }),
      ...(image.args !== undefined && { args: image.args }),
      ...(image.exe !== undefined && { exe: image.exe }),
      ...(cgroup !== undefined && { cgroup }),
      ...(this.host !== undefined && { host: this.host }),
    };
  }
}

export class RecordedTasks {
  private readonly newUsers: () => UserNames;
  private readonly hosts: Hosts;
  private readonly boots = new Boots();
  /** By boot; who was there before the last boot of a machine is there no more. */
  private readonly byBoot = new Map<string, RecordedMachine>();
  /** That of the last record: its clocks are those that all is told by. */
  private last: RecordedMachine;

  constructor(newUsers: () => UserNames, hosts: Hosts) {
    this.newUsers = newUsers;
    this.hosts = hosts;
    this.last = this.newMachine();
  }

  private newMachine(): RecordedMachine {
    return new RecordedMachine(this.newUsers(), () => this.last.clocks);
  }

  take(record: ReadRecord): void {
    const { told } = record;
    this.hosts.meet(told);
    const over = this.boots.turnTo(told);
    if (over !== undefined) this.byBoot.delete(over);
    const boot = this.boots.keyOf(told);
    if (this.boots.isOver(boot)) return;
    const machine = this.byBoot.get(boot) ?? this.newMachine();
    this.byBoot.set(boot, machine);
    this.last = machine;
    machine.clocks.wallOffset = told.wallOffset;
    machine.hostName = () => this.hosts.toTell(told);
    if ('pid' in record) {
      machine.users.learn(record.image.uid, told.user);
      machine.family.take(record);
    } else if (record.event === 'start') machine.clocks.bootOffset = suspendedIn(record.facts.suspended_ns);
  }

  get machines(): readonly RecordedMachine[] {
    return [...this.byBoot.values()];
  }

  get clocks(): Readonly<Clocks> {
    return this.last.clocks;
  }

  /** Clock ticks after boot of a moment on the wall clock. */
  ticksAt(wall: Moment): number {
    const { wallOffset, bootOffset } = this.clocks;
    return ticksOf(plus(minus(wall, wallOffset), bootOffset));
  }
}
