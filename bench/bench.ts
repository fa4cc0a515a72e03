/** What every measurement is given: the programs, the size of the job, a place for files, and turns. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/** Counts and times of one run. */
export interface Scale {
  readonly forks: number;
  readonly threads: number;
  readonly processes: number;
  readonly manyCommands: number;
  readonly execs: number;
  /** Events of the storm, in ten parts. */
  readonly storm: number;
  readonly starts: number;
  readonly sleeping: number;
  readonly idleMs: number;
  /** After its start V8 cleans up once, some eight seconds later: what is to be seen idle is given so long. */
  readonly settleMs: number;
  readonly stallMs: number;
  readonly pacedMs: number;
  /** Of a steady load, once it has gone on for so long as warms V8. */
  readonly steadyMs: number;
  readonly warmMs: number;
  /** A whole run, from its start to its end. */
  readonly wholeSeconds: number;
  readonly holdMs: number;
  /** Between two looks at whether a tool is done. */
  readonly lookMs: number;
  /** Processes of a timeline; ten times as many are drawn too. */
  readonly lives: number;
  /** How long a flight recorder is watched. */
  readonly flightSeconds: number;
}

export const FULL: Scale = {
  forks: 40_000,
  threads: 100_000,
  processes: 8000,
  manyCommands: 30_000,
  execs: 2000,
  storm: 1_000_000,
  starts: 15,
  sleeping: 10_000,
  idleMs: 10_000,
  settleMs: 12_000,
  stallMs: 5000,
  pacedMs: 6000,
  steadyMs: 20_000,
  warmMs: 10_000,
  wholeSeconds: 10,
  holdMs: 1000,
  lookMs: 100,
  lives: 100_000,
  flightSeconds: 600,
};

export const SMOKE: Scale = {
  forks: 400,
  threads: 400,
  processes: 60,
  manyCommands: 100,
  execs: 20,
  storm: 2000,
  starts: 1,
  sleeping: 60,
  idleMs: 300,
  settleMs: 0,
  stallMs: 300,
  pacedMs: 400,
  steadyMs: 300,
  warmMs: 100,
  wholeSeconds: 1,
  holdMs: 20,
  lookMs: 30,
  lives: 600,
  flightSeconds: 2,
};

const PROGRAMS = ['load', 'reader', 'stopwatch', 'ends', 'signals'] as const;
export type Program = (typeof PROGRAMS)[number];

/** The environment of everything measured: what slows down every start of Node is not ours to measure. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  const { NODE_EXTRA_CA_CERTS, NODE_OPTIONS, NODE_V8_COVERAGE, NODE_TEST_CONTEXT, ...rest } = process.env;
  return rest;
}

export interface LoadRun {
  /** The processes that made the events. */
  readonly parents: ReadonlySet<number>;
  /** The last argument of each command that was run, by pid. */
  readonly commands: ReadonlyMap<number, string>;
}

export class Bench {
  readonly scale: Scale;
  readonly rounds: number;
  readonly isSmoke: boolean;
  /** For output files. */
  readonly directory: string;
  readonly log: (text: string) => void;

  constructor(input: Pick<Bench, 'rounds' | 'isSmoke' | 'directory' | 'log'>) {
    this.rounds = input.rounds;
    this.isSmoke = input.isSmoke;
    this.scale = input.isSmoke ? SMOKE : FULL;
    this.directory = input.directory;
    this.log = input.log;
    mkdirSync(this.directory, { recursive: true });
  }

  /** Compiles the C programs beside this file. */
  compile(): void {
    for (const name of PROGRAMS) {
      const source = fileURLToPath(new URL(`${name}.c`, import.meta.url));
      const options = name === 'load' ? ['-static', '-pthread'] : [];
      execFileSync('gcc', ['-O2', '-Wall', '-Wextra', ...options, '-o', this.program(name), source]);
    }
  }

  program(name: Program): string {
    return `${this.directory}/${name}`;
  }

  /**
   * One after another, as often as there are rounds: what disturbs the machine for a while disturbs all alike. A subject that only stands
   * beside the others may have fewer.
   */
  async takeTurns<S extends { readonly name: string; readonly rounds?: number }, T>(
    subjects: readonly S[],
    measure: (subject: S) => Promise<T>,
    rounds = this.rounds,
  ): Promise<Map<string, T[]>> {
    const found = new Map<string, T[]>(subjects.map(({ name }) => [name, []]));
    for (let round = 1; round <= rounds; round++) {
      for (const subject of subjects) {
        if (round > (subject.rounds ?? rounds)) continue;
        this.log(`  round ${round} of ${rounds}: ${subject.name}`);
        found.get(subject.name)?.push(await measure(subject));
      }
    }
    return found;
  }

  /** Runs the load generator to its end. What follows the count is as it wants it. */
  async load(
    mode: 'exits' | 'execs' | 'places' | 'threads',
    count: number,
    ...rest: readonly (number | string)[]
  ): Promise<LoadRun> {
    const child = spawn(this.program('load'), [mode, String(count), ...rest.map(String)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    const output = await text(child.stdout);
    if ((await ended) !== 0) throw new Error(`the load generator failed: ${mode} ${count}`);
    const lines = output.trim().split('\n');
    const parents = new Set(lines[0].split(' ').slice(1).map(Number));
    const commands = new Map(lines.slice(1).map((line) => [Number(line.split(' ')[1]), line.split(' ')[2]]));
    return { parents, commands };
  }
}
