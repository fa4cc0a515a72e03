/** Many hosts by a NATS server: what sending costs, how fast recordings go out, and what a viewer of failures receives. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { realHost } from '../../src/host/real-host.ts';
import { readAddress } from '../../src/nats/address.ts';
import type { Engine, Role } from '../../src/nats/engine.ts';
import { headerOf } from '../../src/nats/envelope.ts';
import { FarLines, type FarRequest } from '../../src/nats/far-lines.ts';
import { Publisher } from '../../src/nats/publisher.ts';
import { type Bench, cleanEnvironment } from '../bench.ts';
import { cpuNanos, peakMegabytes } from '../procfs.ts';
import type { Result } from '../result.ts';
import { spread, written } from '../statistics.ts';
import { watchLoad } from '../subject.ts';
import { BIN, isInstalled, procwatch } from '../tools.ts';

const PORT = 42_219;
const URL = `nats://127.0.0.1:${PORT}`;
const HOSTS = 100;
/** One life in so many fails. */
const FAILS = 20;

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function isThere(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(PORT, '127.0.0.1');
    const end = (answer: boolean) => () => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('data', end(true)).once('error', end(false));
  });
}

async function serve(directory: string): Promise<ChildProcess> {
  const args = ['-a', '127.0.0.1', '-p', String(PORT), '-js', '-sd', directory];
  const server = spawn('nats-server', args, { stdio: 'ignore' });
  while (!(await isThere())) await pause(50);
  const keeper = await engineFor('keeper');
  await keeper.ensureStream({ maxAgeMs: 86_400_000, maxBytes: 0, replicas: 1 });
  await keeper.close();
  return server;
}

const engineFor = (role: Role): Promise<Engine> => realHost().engine(readAddress('--to', URL), {}, role);

/** Records of a host as it would write them, in the middle of a working day. */
function recording(host: string, lives: number): string {
  const lines: string[] = [];
  let seq = 0;
  let nanos = 1_790_000_000_000_000_000n;
  const add = (event: string, members: object): void => {
    nanos += 1_000_000n;
    const time = `${new Date(Number(nanos / 1_000_000n)).toISOString().slice(0, 19)}.${String(nanos % 1_000_000_000n).padStart(9, '0')}Z`;
    lines.push(JSON.stringify({ v: 1, seq: ++seq, time, mono_ns: String(nanos), event, ...members }));
  };
  add('start', { version: '0.1.0', host, boot_id: '00000000-0000-0000-0000-000000000000', kernel: '6.18.0', cpus: 8 });
  for (let i = 1; i <= lives; i++) {
    const who = {
      cpu: 1,
      pid: 1000 + i,
      tid: 1000 + i,
      ppid: 900,
      parent_comm: 'make',
      comm: 'cc1',
      uid: 1000,
      user: 'builder',
    };
    const what = {
      exe: '/usr/lib/gcc/x86_64-linux-gnu/12/cc1',
      args: ['cc1', '-quiet', '-O2', `file-${i}.c`],
      cwd: '/home/builder/project',
    };
    const code = i % FAILS === 0 ? 1 : 0;
    add('fork', who);
    add('exec', { ...who, ...what });
    add('exit', { ...who, ...what, wait_status: code << 8, exit_code: code, duration_s: 0.01 });
  }
  return `${lines.join('\n')}\n`;
}

interface Sent {
  readonly records: number;
  readonly seconds: number;
  readonly cpuMs: number;
}

/** Recordings of all hosts, sent to the last acknowledgement. */
async function forward(bench: Bench, directory: string): Promise<Sent> {
  const lives = Math.ceil(bench.scale.storm / HOSTS / 3);
  mkdirSync(directory, { recursive: true });
  for (let host = 0; host < HOSTS; host++) {
    writeFileSync(`${directory}/web-${host}.jsonl`, recording(`web-${host}`, lives));
  }
  const begin = performance.now();
  const args = [BIN, 'forward', '--once', '-r', `${directory}/*.jsonl`, '--to', URL];
  const child = spawn(process.execPath, args, { stdio: 'ignore', env: cleanEnvironment() });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  let cpu = 0;
  const look = setInterval(() => {
    cpu = Math.max(cpu, cpuNanos(child.pid ?? 0));
  }, 20);
  const status = await ended;
  clearInterval(look);
  if (status !== 0) throw new Error(`procwatch forward ended with ${status}`);
  return { records: HOSTS * (1 + 3 * lives), seconds: (performance.now() - begin) / 1000, cpuMs: cpu / 1e6 };
}

/** Messages of ten records, as hosts send them: each acknowledged by itself. */
async function small(bench: Bench): Promise<{ messages: number; seconds: number }> {
  const count = Math.ceil(bench.scale.storm / 50);
  const engine = await engineFor('writer');
  const publisher = new Publisher(engine, realHost());
  const lines = recording('small', 3 * count + 4)
    .split('\n')
    .slice(1);
  const messages = Array.from({ length: count }, (_, i) => {
    const first = 10 * i + 2;
    const envelope = { bootId: '0', run: '1', after: first - 1, first, last: first + 9, count: 10, sentMs: 0 };
    return {
      subject: `procwatch.small-${i % HOSTS}.exec`,
      id: `small/${i}`,
      header: headerOf(envelope),
      body: Buffer.from(`${lines.slice(10 * i, 10 * i + 10).join('\n')}\n`),
    };
  });
  const begin = performance.now();
  publisher.give(messages);
  await publisher.settled();
  const seconds = (performance.now() - begin) / 1000;
  await engine.close();
  return { messages: count, seconds };
}

/** What a fleet of this size and liveliness asks of the server, by what was measured. */
const FLEET = { hosts: 1000, recordsPerSecond: 100, latencySeconds: 1, kinds: 4 } as const;

function needs(bytesPerRecord: number, diskPerByte: number): string {
  const { hosts, recordsPerSecond, latencySeconds, kinds } = FLEET;
  const bytes = hosts * recordsPerSecond * bytesPerRecord;
  const messages = (hosts * kinds) / latencySeconds;
  const day = (bytes * diskPerByte * 86_400) / 1e12;
  return `${count(hosts)} hosts with ${recordsPerSecond} records a second each, --latency ${latencySeconds}s and ${kinds} kinds of records: ${count(messages)} messages and ${megabytes(bytes)} MB a second, ${day.toFixed(2)} TB of disk a day.`;
}

async function view(request: Omit<FarRequest, 'follows'>) {
  const engine = await engineFor('reader');
  const lines = new FarLines(realHost(), engine, { ...request, follows: false });
  const begin = performance.now();
  let records = 0;
  let failures = 0;
  for await (const batch of lines.batches()) {
    records += batch.length;
    for (const { kind } of batch) if (kind === 'exit.failed') failures++;
  }
  await engine.close();
  return { seconds: (performance.now() - begin) / 1000, bytes: lines.bytes, records, failures };
}

const TO_FILE = 'procwatch --json -o FILE';
const TO_BOTH = 'procwatch --json -o FILE --to nats://…';

/** What a row does not tell. */
const NONE = '-';

const count = (value: number): string => value.toLocaleString('en-US');
const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);

export async function far(bench: Bench): Promise<Result> {
  const { forks } = bench.scale;
  const about = {
    name: 'far',
    title: 'Many hosts, by a NATS server',
    what: `A nats-server on the same machine, with its store on the same disk. Sending: CPU of procwatch through ${count(forks)} processes that end at once, from when it listens until it rests, with every record acknowledged. Recordings: ${count(bench.scale.storm)} records of ${HOSTS} hosts, sent by forward until the last is acknowledged. Viewers: all of these read back, in order and each once; one end in ${FAILS} is a failure.`,
    columns: ['what', 'records', 'seconds', 'records/s', 'CPU ms', 'MB'],
  };
  if (!isInstalled('nats-server')) {
    const rows = [TO_FILE, TO_BOTH].map((what) => [what, ...about.columns.slice(1).map(() => 'not measured')]);
    const figures = { 'nats-server': { installed: 0 } };
    return { ...about, rows, figures, aims: [], notes: ['nats-server is not installed'] };
  }
  const server = await serve(`${bench.directory}/store`);
  try {
    const sent = await forward(bench, `${bench.directory}/recordings`);
    const everything = await view({});
    const failures = await view({ events: ['nonzero-exit'] });
    const oneHost = await view({ hosts: ['web-3'] });
    const served = { peakMb: peakMegabytes(server.pid ?? 0), cpuS: cpuNanos(server.pid ?? 0) / 1e9 };
    const disk = Number(execFileSync('du', ['-sb', `${bench.directory}/store`], { encoding: 'utf8' }).split('\t')[0]);
    const ofTen = await small(bench);
    const tools = [procwatch([], TO_FILE), procwatch(['--to', URL], TO_BOTH)];
    const samples = await bench.takeTurns(tools, (tool) =>
      watchLoad(bench, tool, async () => [await bench.load('exits', forks, 2)]),
    );
    const costs = Object.fromEntries(
      [...samples].map(([name, of]) => [
        name,
        { cpu_ms: spread(of.map(({ cpuMs }) => cpuMs)), told: spread(of.map(({ tally }) => tally.events)) },
      ]),
    );
    const viewed = (name: string, { records, seconds, bytes }: typeof everything): string[] => [
      name,
      count(records),
      seconds.toFixed(1),
      count(Math.round(records / seconds)),
      NONE,
      megabytes(bytes),
    ];
    return {
      ...about,
      rows: [
        ...tools.map(({ name }) => [name, written(costs[name].told), NONE, NONE, written(costs[name].cpu_ms), NONE]),
        [
          'procwatch forward --once',
          count(sent.records),
          sent.seconds.toFixed(1),
          count(Math.round(sent.records / sent.seconds)),
          sent.cpuMs.toFixed(0),
          megabytes(everything.bytes),
        ],
        [
          'messages of ten records, acknowledged',
          count(10 * ofTen.messages),
          ofTen.seconds.toFixed(1),
          count(Math.round((10 * ofTen.messages) / ofTen.seconds)),
          NONE,
          NONE,
        ],
        viewed('a viewer of everything', everything),
        viewed('a viewer of failures', failures),
        viewed('a viewer of one host', oneHost),
      ],
      figures: {
        ...costs,
        forward: { records: sent.records, seconds: sent.seconds, cpu_ms: sent.cpuMs },
        'messages of ten': ofTen,
        server: { peak_mb: served.peakMb, cpu_s: served.cpuS, disk_mb: disk / 1e6 },
        everything,
        failures,
        'one host': oneHost,
      },
      aims: [],
      notes: [
        `Of the ${count(failures.records)} records that the viewer of failures received ${count(failures.failures)} are failures, and the rest are start records.`,
        `nats-server took ${served.peakMb.toFixed(0)} MB of memory at its peak and ${served.cpuS.toFixed(1)} s of CPU for the recordings and their viewers, and ${megabytes(disk)} MB of disk for ${megabytes(everything.bytes)} MB of records.`,
        needs(everything.bytes / everything.records, disk / everything.bytes),
      ],
    };
  } finally {
    server.kill('SIGKILL');
  }
}
