/** Memory through a storm: how high it goes, and whether it keeps growing. */
import type { Bench } from '../bench.ts';
import { peakMegabytes, residentMegabytes } from '../procfs.ts';
import type { Result } from '../result.ts';
import { figure } from '../statistics.ts';
import { Subject } from '../subject.ts';
import { procwatch } from '../tools.ts';

const PARTS = 10;
/** Growth that is not called growth. */
const FLAT_MB = 5;

export async function memory(bench: Bench): Promise<Result> {
  const part = bench.scale.storm / PARTS;
  const tool = procwatch(['-e', 'fork,exec,exit']);
  const subject = await Subject.start(bench, tool);
  const resident = [residentMegabytes(subject.pid)];
  for (let i = 0; i < PARTS; i++) {
    bench.log(`  part ${i + 1} of ${PARTS}`);
    await bench.load('exits', part / 2, 2);
    resident.push(residentMegabytes(subject.pid));
  }
  await subject.rest();
  const peak = peakMegabytes(subject.pid);
  const megabytes = subject.bytes / 1e6;
  await subject.stop();
  const [, first, ...later] = resident;
  const growth = Math.max(...later) - first;
  const count = (events: number) => events.toLocaleString('en-US');
  return {
    name: 'memory',
    title: `Memory through ${count(bench.scale.storm)} events`,
    what: `${count(bench.scale.storm / 2)} processes made and ended by two parents, flat out, told as JSON into a file with default settings. Resident memory after each ${count(part)} events, and the peak.`,
    columns: ['events', 'resident MB'],
    rows: [
      ...resident.map((mb, index) => [count(index * part), figure(mb)]),
      ['peak', figure(peak)],
      ['most after the first part, over it', figure(growth)],
    ],
    figures: { procwatch: { peak_mb: peak, growth_mb: growth, output_mb: megabytes } },
    aims: [
      {
        aim: 9,
        text: 'peak memory in a storm',
        limit: 80,
        unit: ' MB',
        measured: peak,
        why: "most of it is there before the first event: Node.js, koffi, and the kernel's types that were read for the capture.",
      },
      {
        aim: 9,
        text: 'growth over the last nine tenths of it',
        limit: FLAT_MB,
        unit: ' MB',
        measured: growth,
        why: 'it comes with the second hundred thousand events: compiled code, and the table of processes that ended lately; after that it is flat.',
      },
    ],
    notes: [],
  };
}
