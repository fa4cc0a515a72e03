/** What processes cost, as exit records tell it, against what wait4(2) told their parent. */
import assert from 'node:assert/strict';
import { readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fixture, scratch } from './support/fixtures.ts';
import { Resident, run } from './support/process.ts';
import { kernelTest } from './support/requirements.ts';
import { type Row, until, Watcher } from './support/watcher.ts';

const NEEDS = ['connector', 'compiler', 'root'] as const;
const WATCH = ['-e', 'exit', '--usage'];

/** As wait4 told the parent. */
interface Told {
  readonly pid: number;
  readonly cpuMicros: number;
  readonly userMicros: number;
  readonly systemMicros: number;
  readonly maxRssKib: number;
  readonly minflt: number;
  readonly majflt: number;
  readonly nvcsw: number;
  readonly nivcsw: number;
  readonly writtenBytes: number;
}

const BLOCK_BYTES = 512;

function toldIn(output: string): Told {
  const [pid, cpuMicros, userMicros, systemMicros, maxRssKib, minflt, majflt, nvcsw, nivcsw, blocks] = output
    .trim()
    .split(' ')
    .map(Number);
  const writtenBytes = blocks * BLOCK_BYTES;
  return { pid, cpuMicros, userMicros, systemMicros, maxRssKib, minflt, majflt, nvcsw, nivcsw, writtenBytes };
}

/** One child of the fixture that costs something: its record, and what its parent was told. */
async function cost(...args: readonly (string | number)[]): Promise<{ row: Row; told: Told }> {
  const watcher = await Watcher.start(WATCH);
  const { code, output } = await run(fixture('costs'), args.map(String));
  assert.equal(code, 0);
  const told = toldIn(output);
  const row = await watcher.row('the end of the child', ({ pid, event }) => event === 'exit' && pid === told.pid);
  await watcher.stop();
  return { row, told };
}

/** Each of two numbers is rounded to the microsecond, user and system time apart. */
const ROUNDING_MICROS = 4;

function agreesOnTime({ cpu_s, cpu_is_lower_bound, user_s, sys_s }: Row, told: Told): void {
  const cpu = Number(cpu_s) * 1e6;
  if (cpu_is_lower_bound === true) {
    assert.ok(cpu <= told.cpuMicros + ROUNDING_MICROS, `${cpu} of ${told.cpuMicros}`);
    return;
  }
  const near = (mine: number, theirs: number): void =>
    assert.ok(Math.abs(mine - theirs) <= ROUNDING_MICROS, `${mine} is not ${theirs}`);
  near(cpu, told.cpuMicros);
  near(Number(user_s) * 1e6, told.userMicros);
  near(Number(sys_s) * 1e6, told.systemMicros);
}

function agreesOnCounts(row: Row, told: Told): void {
  if (row.cpu_is_lower_bound === true) return;
  assert.deepEqual(
    [row.minflt, row.majflt, row.nvcsw, row.nivcsw],
    [told.minflt, told.majflt, told.nvcsw, told.nivcsw],
  );
}

kernelTest('a child that burns 200 ms has used what its parent was told', NEEDS, async () => {
  const { row, told } = await cost('burn', 200);
  assert.ok(told.cpuMicros >= 200_000);
  assert.ok(Number(row.cpu_s) >= 0.19, `${row.cpu_s}`);
  agreesOnTime(row, told);
  agreesOnCounts(row, told);
});

kernelTest('a child that touches 50 MiB had the peak its parent was told', NEEDS, async () => {
  const { row, told } = await cost('touch', 50);
  assert.ok(told.maxRssKib >= 50 * 1024);
  assert.equal(row.max_rss_kib, told.maxRssKib);
  agreesOnTime(row, told);
  agreesOnCounts(row, told);
});

kernelTest('a child that writes 10 MiB and syncs has written what its parent was told', NEEDS, async (t) => {
  const file = join(scratch(), 'written');
  const { row, told } = await cost('write', 10, file);
  // A file system in memory counts nothing, for nobody.
  if (told.writtenBytes === 0) t.diagnostic(`${file} is on a file system that counts no writes`);
  assert.equal(row.write_bytes, told.writtenBytes - (told.writtenBytes % 1024));
  agreesOnTime(row, told);
  agreesOnCounts(row, told);
});

kernelTest('a child with eight busy threads is told as one, all threads together', NEEDS, async () => {
  const { row, told } = await cost('threads', 8, 25);
  assert.ok(told.cpuMicros >= 200_000);
  assert.ok(Number(row.cpu_s) >= 0.19, `${row.cpu_s}`);
  agreesOnTime(row, told);
  agreesOnCounts(row, told);
  assert.equal(row.max_rss_kib, told.maxRssKib);
});

kernelTest('of 5,000 short processes each has its usage, or the losses say how many have not', NEEDS, async () => {
  const COUNT = 5000;
  const watcher = await Watcher.start([...WATCH, '-e', 'fork']);
  const { code, pid } = await run(fixture('costs'), ['many', String(COUNT)]);
  assert.equal(code, 0);
  await watcher.row('the end of the parent', (row) => row.event === 'exit' && row.pid === pid);
  await watcher.stop();
  const lost = (reason: string): number =>
    watcher.rows
      .filter((row) => row.event === 'lost' && row.reason === reason)
      .reduce((sum, { count }) => sum + Number(count), 0);
  const ends = watcher.rows.filter((row) => row.event === 'exit' && row.ppid === pid);
  const accounted = ends.filter(({ max_rss_kib }) => max_rss_kib !== undefined);
  assert.ok(ends.length + lost('overrun') >= COUNT);
  assert.ok(accounted.length + lost('usage') >= ends.length, `${accounted.length} of ${ends.length}`);
});

kernelTest('without privilege the watch says so once and goes on', NEEDS, async () => {
  const watcher = await Watcher.start(WATCH, { uid: 65_534 });
  const { pid } = await run('/bin/true', []);
  const row = await watcher.row('an end', (row) => row.event === 'exit' && row.pid === pid);
  const { stderr } = await watcher.stop();
  assert.equal(row.cpu_s, undefined);
  assert.equal(stderr.match(/CAP_NET_ADMIN/g)?.length, 1);
});

/** Whether a process has such a thing open. */
function holds(pid: number, what: RegExp): boolean {
  return readdirSync(`/proc/${pid}/fd`).some((fd) => {
    try {
      return what.test(readlinkSync(`/proc/${pid}/fd/${fd}`));
    } catch {
      return false;
    }
  });
}

kernelTest('wait tells the cost of a process that is not its child', NEEDS, async () => {
  const resident = await Resident.start(['sleep']);
  const waiting = await Watcher.start(['wait', '--json', '--usage', String(resident.pid)]);
  await until('it is waited for', () => holds(waiting.pid, /pidfd/));
  await until('its account is, too', () => holds(waiting.pid, /bpf/) || waiting.stderr.includes('lower bounds'));
  await resident.kill();
  const { code } = await waiting.end();
  assert.equal(code, 128 + 9);
  const [row] = waiting.rows;
  assert.equal(row.pid, resident.pid);
  assert.ok(Number(row.max_rss_kib) > 0);
  assert.equal(typeof row.cpu_s, 'number');
});
