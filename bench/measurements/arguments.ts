/** Commands that are over before anybody can look: how many of them are told with their own arguments. */
import type { Bench } from '../bench.ts';
import { COMMANDS, type Command, judge } from '../parse.ts';
import type { Result } from '../result.ts';
import { spread, written } from '../statistics.ts';
import { Subject } from '../subject.ts';
import { execsnoop, extrace, forkstat, lack, procwatch, procwatchHelp, type Tool } from '../tools.ts';

interface Contender extends Tool {
  readonly read: (line: string) => Command | undefined;
}

function procwatches(): Contender[] {
  const sources = procwatchHelp('watch').includes('--argv-source') ? [[], ['proc'], ['bpf']] : [[]];
  return sources.map((source) => {
    const args = ['-e', 'exec', ...source.flatMap((name) => ['--argv-source', name])];
    return { ...procwatch(args), read: COMMANDS.procwatch };
  });
}

async function follow(bench: Bench, contender: Contender) {
  const subject = await Subject.start(bench, contender);
  const { commands } = await bench.load('execs', bench.scale.execs, 2);
  await subject.rest();
  await subject.stop();
  const told: Command[] = [];
  await subject.read({
    take(line) {
      const command = contender.read(line);
      if (command !== undefined) told.push(command);
    },
  });
  const { right, wrong } = judge(told, commands);
  return { right: (100 * right) / commands.size, wrong: (100 * wrong) / commands.size };
}

export async function ownArguments(bench: Bench): Promise<Result> {
  const notes = (['forkstat', 'extrace', 'execsnoop'] as const).map((name) => lack(name, bench));
  const [noForkstat, noExtrace, noExecsnoop] = notes;
  const contenders: Contender[] = [
    ...procwatches(),
    ...(noForkstat === undefined ? [{ ...forkstat(['-e', 'exec', '-l']), read: COMMANDS.forkstat }] : []),
    ...(noExtrace === undefined ? [{ ...extrace([]), read: COMMANDS.extrace }] : []),
    ...(noExecsnoop === undefined ? [{ ...execsnoop(), read: COMMANDS.execsnoop }] : []),
  ];
  const samples = await bench.takeTurns(contenders, (contender) => follow(bench, contender));
  const figures = Object.fromEntries(
    [...samples].map(([name, of]) => [
      name,
      { right_percent: spread(of.map(({ right }) => right)), wrong_percent: spread(of.map(({ wrong }) => wrong)) },
    ]),
  );
  return {
    name: 'arguments',
    title: 'Own arguments of short commands',
    what: `${bench.scale.execs.toLocaleString('en-US')} runs of a static program that ends at once, two at a time, each with an argument of its own. Share of the runs whose exec is told with just that argument, and with another one; the rest was told without any, or not at all.`,
    columns: ['tool', 'own %', 'wrong %'],
    rows: Object.entries(figures).map(([name, { right_percent, wrong_percent }]) => [
      name,
      written(right_percent),
      written(wrong_percent),
    ]),
    figures,
    aims: [],
    notes: notes.filter((note) => note !== undefined),
  };
}
