/** A /proc made of a map: what each process is now, changed by the test as its story goes on. */
import type { Image } from '../../src/process/image.ts';
import type { ProcessFacts, ProcReader } from '../../src/process/proc-reader.ts';
import type { ProcessStat } from '../../src/process/procstat.ts';
import { readEach } from '../../src/process/scan.ts';
import type { Text } from '../../src/process/text.ts';

export interface ScriptedProcess {
  readonly comm?: Text;
  readonly args?: readonly Text[];
  readonly exe?: Text;
  readonly cwd?: Text;
  readonly uid?: number;
  readonly ppid?: number;
  /** A zombie (Z) has no arguments, program and directory any more. */
  readonly state?: string;
  readonly threads?: number;
  /** Hundredths of a second after boot. */
  readonly startTicks?: number;
  readonly waitStatus?: number;
  readonly cgroup?: string;
  /** As with hidepid: it is there, but /proc shows nothing of it. */
  readonly hidden?: boolean;
}

/** When a process born `ms` after T0 of the datagrams started, as /proc tells it. */
export const ticksAt = (ms: number): number => 100_000 + Math.floor(ms / 10);

export class ScriptedReader implements ProcReader {
  private readonly processes = new Map<number, ScriptedProcess>();
  /** Every process whose image was read, in order. */
  readonly imagesRead: number[] = [];

  /** Adds a process, or changes some of what is known of it. */
  set(pid: number, process: ScriptedProcess): this {
    this.processes.set(pid, { ...this.processes.get(pid), ...process });
    return this;
  }

  remove(...pids: readonly number[]): this {
    for (const pid of pids) this.processes.delete(pid);
    return this;
  }

  facts(pid: number): ProcessFacts | undefined {
    this.imagesRead.push(pid);
    const process = this.processes.get(pid);
    const stat = this.stat(pid);
    if (process === undefined || stat === undefined) return undefined;
    const { args, exe, cwd, uid } = process;
    const isZombie = stat.state === 'Z';
    const image: Image = {
      comm: stat.comm,
      ...(uid !== undefined && { uid }),
      ...(args !== undefined && !isZombie && { args }),
      ...(exe !== undefined && !isZombie && { exe }),
      ...(cwd !== undefined && !isZombie && { cwd }),
    };
    return { stat, image };
  }

  factsAtOnce(pid: number): ProcessFacts | undefined {
    return this.facts(pid);
  }

  factsOfAll(pids: Iterable<number>): Map<number, ProcessFacts> {
    return readEach(pids, (pid) => this.facts(pid));
  }

  images(pids: Iterable<number>): Map<number, Image> {
    return readEach(pids, (pid) => this.image(pid));
  }

  image(pid: number): Image {
    const { args, exe, cwd } = this.facts(pid)?.image ?? {};
    return { ...(args && { args }), ...(exe && { exe }), ...(cwd && { cwd }) };
  }

  links(pid: number): ProcessFacts | undefined {
    const facts = this.facts(pid);
    if (facts === undefined) return undefined;
    const { comm, exe, cwd } = facts.image;
    return { stat: facts.stat, image: { ...(comm && { comm }), ...(exe && { exe }), ...(cwd && { cwd }) } };
  }

  stat(pid: number): ProcessStat | undefined {
    const process = this.processes.get(pid);
    if (process === undefined || process.hidden) return undefined;
    const { comm = 'unnamed', state = 'S', ppid = 1, threads = 1, startTicks = 0, waitStatus = 0 } = process;
    return { comm, state, ppid, threads, startTicks, waitStatus };
  }

  zombieStatus(pid: number): number | undefined {
    const stat = this.stat(pid);
    return stat?.state === 'Z' ? stat.waitStatus : undefined;
  }

  cgroup(pid: number): string | undefined {
    return this.processes.get(pid)?.cgroup;
  }

  exists(pid: number): boolean {
    return this.processes.has(pid);
  }

  hasEnded(pid: number): boolean {
    const process = this.processes.get(pid);
    return process === undefined || (process.state === 'Z' && (process.threads ?? 1) <= 1);
  }

  pids(): number[] {
    return [...this.processes.keys()];
  }
}
