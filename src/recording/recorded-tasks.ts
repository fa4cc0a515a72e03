/** Who was there at a moment of a recording, as the source of a snapshot: what a recording does not tell of a process is unknown. */
import { type Moment, minus, plus, ticksOf } from '../process/moment.ts';
import type { Proc } from '../process/table.ts';
import type { Task, TaskReader } from '../ps/task.ts';
import { Family } from './family.ts';
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

/** One machine since a boot. */
interface Machine {
  readonly family: Family;
  bootOffset: Moment;
}

export class RecordedTasks implements TaskReader {
  /** By boot, and the last boot of each host: who was there before it is there no more. */
  private readonly machines = new Map<string, Machine>();
  private readonly boots = new Map<unknown, string>();
  private readonly users: Pick<UserNames, 'learn'>;
  private machine: Machine;
  /** CLOCK_REALTIME minus CLOCK_MONOTONIC, as told last. */
  wallOffset = ZERO;

  constructor(users: Pick<UserNames, 'learn'>) {
    this.users = users;
    this.machine = this.machineOf('');
  }

  private machineOf(boot: string): Machine {
    const machine = this.machines.get(boot) ?? { family: new Family([]), bootOffset: ZERO };
    this.machines.set(boot, machine);
    return machine;
  }

  take(record: ReadRecord): void {
    const { boot, wallOffset, user } = record.told;
    this.wallOffset = wallOffset;
    this.machine = this.machineOf(boot);
    if ('pid' in record) {
      this.users.learn(record.image.uid, user);
      this.machine.family.take(record);
    } else if (record.event === 'start') {
      const { host, suspended_ns: digits } = record.facts;
      const before = this.boots.get(host);
      if (before !== undefined && before !== boot) this.machines.delete(before);
      this.boots.set(host, boot);
      this.machine.bootOffset = suspendedIn(digits);
    }
  }

  /** CLOCK_BOOTTIME minus CLOCK_MONOTONIC, of the machine that was told of last. */
  get bootOffset(): Moment {
    return this.machine.bootOffset;
  }

  /** Clock ticks after boot of a moment on the wall clock. */
  ticksAt(wall: Moment): number {
    return ticksOf(plus(minus(wall, this.wallOffset), this.bootOffset));
  }

  private *living(): Generator<readonly [Proc, Machine]> {
    for (const machine of this.machines.values()) {
      for (const proc of machine.family.table.all()) if (!proc.ended) yield [proc, machine];
    }
  }

  pids(): number[] {
    return [...new Set([...this.living()].map(([{ pid }]) => pid))];
  }

  tasks(pids: readonly number[]): Task[] {
    const machines = [...this.machines.values()];
    return pids.flatMap((pid) =>
      machines.flatMap((machine) => {
        const proc = machine.family.table.living(pid);
        return proc === undefined ? [] : [taskOf(proc, machine)];
      }),
    );
  }

  /** All that is known has been told. */
  read(): void {}

  readAll(): void {}

  exists(pid: number): boolean {
    return this.tasks([pid]).length > 0;
  }
}

function taskOf(proc: Proc, { family, bootOffset }: Machine): Task {
  const { pid, image, start, cgroup } = proc;
  return {
    tid: pid,
    pid,
    ppid: family.parentOf(proc),
    pgid: undefined,
    sid: undefined,
    state: undefined,
    comm: image.comm,
    startTicks: start && ticksOf(plus(plus(start, bootOffset), NEARLY)),
    ...(image.uid !== undefined && { uid: image.uid }),
    ...(image.args !== undefined && { args: image.args }),
    ...(image.exe !== undefined && { exe: image.exe }),
    ...(cgroup !== undefined && { cgroup }),
  };
}
