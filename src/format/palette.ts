/** Colours by what they mean. The only importer of chalk; whether there is colour at all is decided by the plan. */
import { Chalk } from 'chalk';
import type { ProcessEventName } from '../process/record.ts';

export type Paint = (text: string) => string;

export interface Palette {
  readonly event: Readonly<Record<ProcessEventName | 'lost', Paint>>;
  readonly dim: Paint;
  readonly strong: Paint;
  readonly good: Paint;
  readonly bad: Paint;
  readonly killed: Paint;
  readonly warning: Paint;
}

export function palette(colour: boolean): Palette {
  const chalk = new Chalk({ level: colour ? 1 : 0 });
  return {
    event: {
      fork: chalk.cyan,
      clone: chalk.cyan,
      exec: chalk.green,
      exit: chalk.blue,
      found: chalk.yellow,
      alive: chalk.dim,
      uid: chalk.magenta,
      gid: chalk.magenta,
      sid: chalk.magenta,
      ptrace: chalk.yellow,
      comm: chalk.white,
      coredump: chalk.red,
      'exec-failed': chalk.red,
      lost: chalk.yellow,
    },
    dim: chalk.dim,
    strong: chalk.bold,
    good: chalk.green,
    bad: chalk.red,
    killed: chalk.redBright,
    warning: chalk.yellow,
  };
}
