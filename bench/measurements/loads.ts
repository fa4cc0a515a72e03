/** Flat out: as many processes and commands as two parents can make. */
import type { Bench } from '../bench.ts';
import { contest, type Load, MEANINGS } from '../contest.ts';
import type { Result } from '../result.ts';

const COST: Load['cost'] = { column: 'CPU ms', of: ({ cpuMs }) => cpuMs };
const PARENTS = 2;
const RULE = 'Flat out, told into a file, from when the tool listens until it rests again.';

export function processes(bench: Bench): Promise<Result> {
  const { forks } = bench.scale;
  return contest(bench, {
    name: 'processes',
    text: `${forks.toLocaleString('en-US')} processes made and ended by two parents`,
    what: `${RULE} ${MEANINGS}`,
    made: { fork: forks, exec: 0, exit: forks },
    run: () => bench.load('exits', forks, PARENTS),
    cost: COST,
    aim: { aim: 1, limit: 0.6 },
  });
}

const WHY =
  'each command is an image of its own, whose texts are made, quoted and kept for the end; with few of them V8 is still compiling.';

function commandsOf(bench: Bench, name: string, count: number, limit: number): Promise<Result> {
  return contest(bench, {
    name,
    text: `${count.toLocaleString('en-US')} commands flat out`,
    what: `Each is a vfork and an exec of a static program that ends at once, two at a time. ${RULE}`,
    made: { fork: count, exec: count, exit: count },
    run: () => bench.load('execs', count, PARENTS),
    cost: COST,
    aim: { aim: 2, limit, why: WHY },
  });
}

export const commands = (bench: Bench): Promise<Result> => commandsOf(bench, 'commands', bench.scale.processes, 0.7);

export const manyCommands = (bench: Bench): Promise<Result> =>
  commandsOf(bench, 'many-commands', bench.scale.manyCommands, 0.4);
