/** A tool at work: started, seen to listen, watched while a load runs, ended. What it cost is counted from when it listens. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, createReadStream, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Bench, cleanEnvironment, type LoadRun } from './bench.ts';
import type { Tally, Told } from './parse.ts';
import { cpuNanos, familyOf, peakMegabytes, subscriptions } from './procfs.ts';
import type { Tool } from './tools.ts';

const PATIENCE_MS = 60_000;
/** Less of a CPU than this is rest. */
const REST = 0.05;

export async function until(what: string, isSo: () => boolean): Promise<void> {
  for (const end = Date.now() + PATIENCE_MS; !isSo(); await sleep(5)) {
    if (Date.now() > end) throw new Error(`waited in vain: ${what}`);
  }
}

/** Waits until the process has hardly used the CPU for two looks; not for ever, where others keep it busy. */
export async function atRest(pid: number, lookMs: number): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  for (let calm = 0, before = cpuNanos(pid); calm < 2 && Date.now() < end; ) {
    await sleep(lookMs);
    const now = cpuNanos(pid);
    calm = now - before < REST * lookMs * 1e6 ? calm + 1 : 0;
    before = now;
  }
}

export class Subject {
  readonly pid: number;
  readonly file: string;
  private readonly errorFile: string;
  private readonly tool: Tool;
  private readonly child: ChildProcess;
  private readonly ended: Promise<unknown>;
  private readonly lookMs: number;

  private constructor(bench: Bench, tool: Tool, takesInput: boolean) {
    this.tool = tool;
    this.lookMs = bench.scale.lookMs;
    this.file = `${bench.directory}/told`;
    this.errorFile = `${bench.directory}/complaints`;
    rmSync(this.file, { force: true });
    const [out, errors] = [openSync(this.file, 'a', 0o600), openSync(this.errorFile, 'w')];
    const [command, ...args] = tool.command(this.file);
    this.child = spawn(command, args, {
      stdio: [takesInput ? 'pipe' : 'ignore', out, errors],
      env: cleanEnvironment(),
    });
    this.ended = new Promise((resolve) => this.child.once('close', resolve));
    this.child.once('error', () => {});
    closeSync(out);
    closeSync(errors);
    this.pid = this.child.pid ?? 0;
  }

  static async start(bench: Bench, tool: Tool, takesInput = false): Promise<Subject> {
    const subject = new Subject(bench, tool, takesInput);
    const { listens } = tool;
    if ('afterMs' in listens) await sleep(listens.afterMs);
    else await until(`${tool.name} listens`, () => subscriptions(subject.mustLive()) >= listens.sockets);
    await atRest(subject.mustLive(), subject.lookMs);
    return subject;
  }

  private mustLive(): number {
    if (this.child.exitCode === null && this.child.signalCode === null) return this.pid;
    throw new Error(`${this.tool.name} ended: ${this.complaints()}`);
  }

  complaints(): string {
    return readFileSync(this.errorFile, 'latin1').trim();
  }

  get bytes(): number {
    return statSync(this.file).size;
  }

  give(text: string): void {
    this.child.stdin?.write(text);
  }

  rest(): Promise<void> {
    return atRest(this.mustLive(), this.lookMs);
  }

  async stop(): Promise<void> {
    for (const pid of familyOf(this.mustLive()).reverse()) process.kill(pid, this.tool.stop);
    await this.ended;
  }

  /** Everything it told, a line at a time. Only when it has stopped. */
  async read(told: Pick<Told, 'take'>): Promise<void> {
    const input = createReadStream(this.file, { encoding: 'latin1', highWaterMark: 2 ** 20 });
    for await (const line of createInterface({ input })) told.take(line);
  }
}

/** One tool through one load. */
export interface Sample {
  /** How long the load took. */
  readonly seconds: number;
  readonly cpuMs: number;
  readonly peakMb: number;
  readonly tally: Tally;
}

/** `warmUp` is what the tool sees before its cost is counted. */
export async function watchLoad(
  bench: Bench,
  tool: Tool,
  load: () => Promise<readonly LoadRun[]>,
  warmUp: () => Promise<unknown> = async () => {},
): Promise<Sample> {
  const subject = await Subject.start(bench, tool);
  await warmUp();
  const before = cpuNanos(subject.pid);
  const begin = performance.now();
  const runs = await load();
  const seconds = (performance.now() - begin) / 1000;
  await subject.rest();
  const cpuMs = (cpuNanos(subject.pid) - before) / 1e6;
  const peakMb = peakMegabytes(subject.pid);
  await subject.stop();
  const told = tool.told(new Set(runs.flatMap(({ parents }) => [...parents])));
  await subject.read(told);
  return { seconds, cpuMs, peakMb, tally: told.tally() };
}
