/** Wake-ups while nothing matches: processes come and go, and none of them is what was asked for. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench } from '../bench.ts';
import { contextSwitches, cpuNanos } from '../procfs.ts';
import type { Result } from '../result.ts';
import { spread, written } from '../statistics.ts';
import { Subject } from '../subject.ts';
import { forkstat, lack, procwatch, reader, type Tool } from '../tools.ts';

const PER_SECOND = 100;
/** What is compiled already has nothing to settle. */
const SETTLES_SOONER = 10;
const NONZERO_EXIT = '0x20000000';
/** procwatch asks the kernel this often whether it still listens, and that is all. */
const HEARTBEAT_MS = 5000;

async function follow(bench: Bench, tool: Tool) {
  const { idleMs, settleMs } = bench.scale;
  const subject = await Subject.start(bench, tool);
  await sleep(tool.runtime === 'Node.js' ? settleMs : settleMs / SETTLES_SOONER);
  const before = { switches: contextSwitches(subject.pid), cpu: cpuNanos(subject.pid) };
  const run = await bench.load('exits', Math.ceil((idleMs / 1000) * PER_SECOND), 1, 0, PER_SECOND);
  const switches = contextSwitches(subject.pid) - before.switches;
  const cpuMs = (cpuNanos(subject.pid) - before.cpu) / 1e6;
  await subject.stop();
  const told = tool.told(run.parents);
  await subject.read(told);
  return { switches, cpuMs, told: told.tally().events };
}

export async function idle(bench: Bench): Promise<Result> {
  const lacking = lack('forkstat', bench);
  const watch = procwatch(['-e', 'nonzero-exit']);
  const tools = [
    watch,
    ...(lacking === undefined ? [forkstat(['-e', 'exit', '-l'])] : []),
    { ...reader(bench, 'wake', NONZERO_EXIT), name: 'C, woken, the same mask' },
  ];
  const rounds = Math.min(bench.rounds, 3);
  const samples = await bench.takeTurns(tools, (tool) => follow(bench, tool), rounds);
  const figures = Object.fromEntries(
    [...samples].map(([name, of]) => [
      name,
      {
        switches: spread(of.map((sample) => sample.switches)),
        cpu_ms: spread(of.map(({ cpuMs }) => cpuMs)),
        told: spread(of.map(({ told }) => told)),
      },
    ]),
  );
  return {
    name: 'idle',
    title: 'Wake-ups when nothing matches',
    what: `${PER_SECOND} processes a second that end with 0, for ${bench.scale.idleMs / 1000} s, once the tool has listened for a while, procwatch for ${bench.scale.settleMs / 1000} s. Context switches of all threads of the tool, voluntary and not. Events told are those of others on the machine: each may have woken it. The limit is the heartbeat, every ${HEARTBEAT_MS / 1000} s.`,
    columns: ['tool', 'context switches', 'CPU ms', 'events told'],
    rows: Object.entries(figures).map(([name, { switches, cpu_ms, told }]) => [
      name,
      ...[switches, cpu_ms, told].map(written),
    ]),
    figures,
    aims: [
      {
        aim: 14,
        text: 'context switches while nothing matches, in the round least disturbed',
        limit: Math.ceil(bench.scale.idleMs / HEARTBEAT_MS),
        unit: '',
        measured: figures[watch.name].switches?.least,
      },
    ],
    notes: lacking === undefined ? [] : [lacking],
  };
}
