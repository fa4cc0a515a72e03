/** Commands that are over before anybody can look, or hardly: how many are told with their own arguments, program and directory. */
import { linkSync, mkdirSync, rmSync } from 'node:fs';
import type { Bench, LoadRun } from '../bench.ts';
import { COMMANDS, type Command, isOwn, judge, PLACES, type Place } from '../parse.ts';
import type { Result } from '../result.ts';
import { type Spread, spread, written } from '../statistics.ts';
import { Subject } from '../subject.ts';
import { execsnoop, extrace, forkstat, lack, procwatch, procwatchHelp, type Tool } from '../tools.ts';

/** So many directories, and a program in each. */
const PLACES_MADE = 16;
const PARENTS = 2;
const LIVES = { 'ends at once': 0, 'stays for 1 ms': 1000 } as const;
type Life = keyof typeof LIVES;

interface Contender extends Tool {
  readonly life: Life;
  readonly commandIn: (line: string) => Command | undefined;
  /** Only for tools that tell it. */
  readonly placeIn?: (line: string) => Place | undefined;
}

type Reading = Omit<Contender, 'life'>;

function procwatches(): Reading[] {
  const sources = procwatchHelp('watch').includes('--argv-source') ? [[], ['proc']] : [[]];
  return sources.map((source) => {
    const args = ['-e', 'exec', ...source.flatMap((name) => ['--argv-source', name])];
    return { ...procwatch(args), commandIn: COMMANDS.procwatch, placeIn: PLACES.procwatch };
  });
}

/** As the load generator has it. */
function expected(folder: string, { commands }: LoadRun) {
  const numbers = [...commands].map(([pid, argument]) => [pid, Number(argument.split('-')[1])] as const);
  const program = (number: number) => `${folder}/${Math.floor(number / PLACES_MADE) % PLACES_MADE}/program`;
  return {
    args: commands,
    exe: new Map(numbers.map(([pid, number]) => [pid, program(number)])),
    cwd: new Map(numbers.map(([pid, number]) => [pid, `${folder}/${number % PLACES_MADE}`])),
  };
}

interface Shares {
  readonly right: number;
  readonly wrong: number;
}

interface Sample {
  readonly args: Shares;
  readonly exe?: Shares;
  readonly cwd?: Shares;
}

async function follow(bench: Bench, folder: string, contender: Contender): Promise<Sample> {
  const subject = await Subject.start(bench, contender);
  const run = await bench.load('places', bench.scale.execs, PARENTS, folder, PLACES_MADE, LIVES[contender.life]);
  await subject.rest();
  await subject.stop();
  const commands: Command[] = [];
  const places: Place[] = [];
  await subject.read({
    take(line) {
      const command = contender.commandIn(line);
      if (command !== undefined) commands.push(command);
      const place = contender.placeIn?.(line);
      if (place !== undefined) places.push(place);
    },
  });
  const own = expected(folder, run);
  const shares = ({ right, wrong }: Shares): Shares => ({
    right: (100 * right) / run.commands.size,
    wrong: (100 * wrong) / run.commands.size,
  });
  const args = shares(judge(commands, own.args));
  if (contender.placeIn === undefined) return { args };
  const told = (which: 'exe' | 'cwd') => places.map((place) => ({ pid: place.pid, text: place[which] }));
  return {
    args,
    exe: shares(judge(told('exe'), own.exe, isOwn)),
    cwd: shares(judge(told('cwd'), own.cwd, isOwn)),
  };
}

function summary(samples: readonly Sample[]) {
  const of = (which: keyof Sample, share: keyof Shares) => spread(samples.map((sample) => sample[which]?.[share]));
  return {
    args_percent: of('args', 'right'),
    args_wrong_percent: of('args', 'wrong'),
    exe_percent: of('exe', 'right'),
    exe_wrong_percent: of('exe', 'wrong'),
    cwd_percent: of('cwd', 'right'),
    cwd_wrong_percent: of('cwd', 'wrong'),
  };
}

function contenders(bench: Bench) {
  const [noForkstat, noExtrace, noExecsnoop] = (['forkstat', 'extrace', 'execsnoop'] as const).map((name) =>
    lack(name, bench),
  );
  const list: Reading[] = [
    ...procwatches(),
    ...(noForkstat === undefined ? [{ ...forkstat(['-e', 'exec', '-l']), commandIn: COMMANDS.forkstat }] : []),
    ...(noExtrace === undefined
      ? [{ ...extrace(['-d', '-l']), commandIn: COMMANDS.extrace, placeIn: PLACES.extrace }]
      : []),
    ...(noExecsnoop === undefined ? [{ ...execsnoop(), commandIn: COMMANDS.execsnoop }] : []),
  ];
  return { list, notes: [noForkstat, noExtrace, noExecsnoop].filter((note) => note !== undefined) };
}

const missing = (share: Spread | undefined) => (share === undefined ? undefined : 100 - share.least);

export async function places(bench: Bench): Promise<Result> {
  const folder = `${bench.directory}/places`;
  for (let place = 0; place < PLACES_MADE; place++) {
    mkdirSync(`${folder}/${place}`, { recursive: true });
    linkSync(bench.program('load'), `${folder}/${place}/program`);
  }
  const { list, notes } = contenders(bench);
  const lives = Object.keys(LIVES) as Life[];
  const subjects = lives.flatMap((life) =>
    list.map((one) => ({ name: `${one.name}, ${life}`, tool: one.name, life, contender: { ...one, life } })),
  );
  const samples = await bench.takeTurns(subjects, ({ contender }) => follow(bench, folder, contender));
  rmSync(folder, { recursive: true });
  const figures = Object.fromEntries([...samples].map(([name, of]) => [name, summary(of)]));
  const ours = subjects.filter(({ tool }) => tool === list[0].name).map(({ name }) => figures[name]);
  const shown = (share: Spread | undefined) => (share === undefined ? 'not told' : written(share));
  const aim = (text: string, measured: readonly (number | undefined)[]) => ({
    aim: 10,
    text,
    limit: 0,
    unit: ' %',
    measured: Math.max(...measured.map((share) => share ?? 100)),
  });
  return {
    name: 'places',
    title: 'Own arguments, program and directory of short commands',
    what: `${bench.scale.execs.toLocaleString('en-US')} runs of static programs that end at once, or stay for a millisecond, two at a time, each with an argument of its own, in ${PLACES_MADE} directories, of ${PLACES_MADE} programs. Share of the runs whose exec is told with just that argument, path and directory, and with another one; the rest was told without any, or not at all.`,
    columns: [
      'tool',
      'the command',
      'own arguments %',
      'wrong %',
      'own program %',
      'wrong %',
      'own directory %',
      'wrong %',
    ],
    rows: subjects.map(({ name, tool, life }) => [tool, life, ...Object.values(figures[name]).map(shown)]),
    figures,
    aims: [
      aim(
        'execs of short commands told without their own arguments',
        ours.map((one) => missing(one.args_percent)),
      ),
      aim(
        'without their own path',
        ours.map((one) => missing(one.exe_percent)),
      ),
      aim(
        'without their own directory',
        ours.map((one) => missing(one.cwd_percent)),
      ),
      aim(
        'with wrong ones',
        ours
          .flatMap((one) => [one.args_wrong_percent, one.exe_wrong_percent, one.cwd_wrong_percent])
          .map((share) => share?.most),
      ),
    ],
    notes,
  };
}
