/** Timelines of real processes: a build as a page and as traces, a command that is cut short, hostile arguments, secrets. */
import assert from 'node:assert/strict';
import { chownSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before } from 'node:test';
import { inflateRawSync } from 'node:zlib';
import { humanDuration } from '../../src/format/times.ts';
import { commandAt, type Model, modelOf, nameAt } from '../../src/timeline/page/model.ts';
import type { PageData } from '../../src/timeline/page-columns.ts';
import { scratch } from './support/fixtures.ts';
import { kernelTest } from './support/requirements.ts';
import { procwatch, programTest } from './support/wait-support.ts';
import { type Row, until } from './support/watcher.ts';

const NEEDS = ['connector'] as const;
const NOBODY = 65_534;

function dataOf(path: string): PageData {
  const [, type, block] =
    /<script type="application\/(\S+)" id="data">(.*?)<\/script>/s.exec(readFileSync(path, 'utf8')) ?? [];
  return JSON.parse(type === 'json' ? block : inflateRawSync(Buffer.from(block, 'base64')).toString());
}

const modelAt = (path: string): Model => modelOf(dataOf(path));
const figure = ({ data }: Model, label: string): string | undefined =>
  data.findings.figures.find((one) => one.label === label)?.value;

async function run(args: readonly string[], options: { uid?: number; env?: Record<string, string> } = {}) {
  const running = procwatch(['run', ...args], options);
  running.child.stdin?.end();
  const code = await running.status();
  return { code, stderr: running.stderr };
}

let folder: string;
before(() => {
  folder = join(scratch(), 'timelines');
  mkdirSync(folder, { recursive: true, mode: 0o777 });
});

/** A project of some hundred sources, one of which is broken. */
function project(name: string, files: number): string {
  const at = join(folder, name);
  mkdirSync(at);
  const objects = Array.from({ length: files }, (_, i) => {
    writeFileSync(
      join(at, `part${i}.c`),
      i === files - 1 ? 'this is no C\n' : `int part${i}(int n) { return n * ${i}; }\n`,
    );
    return `part${i}.o`;
  });
  writeFileSync(join(at, 'Makefile'), `all: ${objects.join(' ')}\n%.o: %.c\n\tgcc -O1 -c -o $@ $<\n`);
  return at;
}

const rowsIn = (path: string): Row[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

for (const [title, files, jobs] of [
  ['make -j2 of a small project', 8, 2],
  ['a build of some hundred compilers', 110, 4],
] as const) {
  programTest(
    `${title}: the sums in words are those of the records`,
    ['connector', 'compiler', 'root'],
    ['make'],
    async () => {
      const at = project(`project-${files}`, files);
      const [page, records] = [join(at, 'build.html'), join(at, 'build.jsonl')];
      const { code } = await run([
        '--json',
        '-o',
        records,
        '--timeline',
        page,
        '--',
        'make',
        '-s',
        '-k',
        '-C',
        at,
        `-j${jobs}`,
      ]);
      assert.equal(code, 2);
      const model = modelAt(page);
      const rows = rowsIn(records);
      const ends = rows.filter(({ event }) => event === 'exit');
      const cpu = ends.reduce((sum, row) => sum + Number(row.cpu_s ?? 0), 0);
      const wall = Math.max(...ends.map((row) => Number(row.duration_s)));
      assert.equal(model.count, ends.length);
      assert.equal(figure(model, 'wall time'), humanDuration(wall));
      assert.equal(figure(model, 'CPU time'), humanDuration(cpu));
      assert.equal(figure(model, 'processes'), ends.length.toLocaleString('en-US'));
      assert.equal(figure(model, 'failures'), String(ends.filter((row) => row.wait_status !== 0).length));
      const compilers = ends.filter(({ comm }) => comm === 'cc1');
      assert.equal(compilers.length, files);
      const row = model.data.findings.sections
        .find(({ key }) => key === 'commands')
        ?.rows.find(({ cells }) => cells[0] === 'cc1');
      assert.equal(row?.cells[1], files.toLocaleString('en-US'));
      assert.equal(row?.cells[3], humanDuration(compilers.reduce((sum, one) => sum + Number(one.cpu_s), 0)));
      for (const end of ends) {
        const place = model.pid.indexOf(Number(end.pid));
        const length = model.to[place] - model.from[place];
        assert.ok(Math.abs(length - Math.round(Number(end.duration_s) * 1e6)) <= 1, `${end.pid}: ${length} µs`);
        const parent = model.parent[place];
        if (parent >= 0)
          assert.equal(model.pid[parent], rows.find((one) => one.event === 'fork' && one.pid === end.pid)?.ppid);
      }
      for (const name of ['again.html', 'again.json', 'again.pftrace']) {
        const running = procwatch(['timeline', '-r', records, '-o', join(at, name)]);
        assert.equal(await running.code(), 0, running.stderr);
      }
      assert.deepEqual(dataOf(join(at, 'again.html')).lives.length, dataOf(page).lives.length);
      const events = JSON.parse(readFileSync(join(at, 'again.json'), 'utf8')).traceEvents as {
        args: { pid?: number };
      }[];
      assert.equal(events.filter(({ args }) => args.pid !== undefined).length, ends.length);
    },
  );
}

kernelTest('the file is for its owner only, and one line says that it is there', NEEDS, async () => {
  const page = join(folder, 'mode.html');
  const { stderr } = await run(['-e', 'exit', '--no-summary', '--timeline', page, '--', 'true']);
  assert.equal(statSync(page).mode & 0o777, 0o600);
  assert.match(stderr, /\nprocwatch: .*mode\.html shows 1 process\n$/);
  assert.equal((await run(['-q', '--timeline', join(folder, 'quiet.html'), '--', 'true'])).stderr, '');
});

kernelTest('what cannot be drawn is said before the command is run', NEEDS, async () => {
  const witness = join(folder, 'witness');
  for (const [path, code] of [
    ['/nowhere/a.html', 74],
    ['a.png', 2],
  ] as const) {
    assert.equal((await run(['--timeline', path, '--', 'touch', witness])).code, code);
  }
  assert.equal((await run(['--open', '--', 'touch', witness])).code, 2);
  assert.equal(existsSync(witness), false);
});

kernelTest(
  'a command that cannot be started leaves no file behind, and one that was there as it was',
  NEEDS,
  async () => {
    const fresh = join(folder, 'not-started.html');
    const old = join(folder, 'from-before.html');
    writeFileSync(old, 'from before');
    for (const page of [fresh, old])
      assert.equal((await run(['-q', '--timeline', page, '--', '/no/such/command'])).code, 127);
    assert.equal(existsSync(fresh), false);
    assert.equal(readFileSync(old, 'utf8'), 'from before');
    assert.equal((await run(['-q', '--timeline', old, '--', 'true'])).code, 0);
    assert.match(readFileSync(old, 'utf8'), /^<!doctype html>/);
  },
);

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  kernelTest(`the file is written when the command is ended by ${signal}`, NEEDS, async () => {
    const page = join(folder, `${signal}.html`);
    const running = procwatch([
      'run',
      '-q',
      '--timeline',
      page,
      '--',
      'sh',
      '-c',
      'sleep 0.05; echo ready; exec sleep 60',
    ]);
    await until('the command is ready', () => running.stdout.includes('ready'));
    running.child.kill(signal);
    const number = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 }[signal];
    assert.equal(await running.status(), 128 + number);
    const model = modelAt(page);
    assert.equal(nameAt(model, 0), 'sleep');
    assert.equal(model.data.ends[model.data.lives.outcome[0]], signal);
    assert.ok(model.count >= 2);
  });
}

kernelTest('a command that is killed leaves its timeline, and what lives on is drawn so', NEEDS, async () => {
  const page = join(folder, 'killed.html');
  const { code } = await run(['-q', '--timeline', page, '--', 'sh', '-c', 'sleep 2 >&- 2>&- & sleep 0.05; kill -9 $$']);
  assert.equal(code, 137);
  const { data } = modelAt(page);
  assert.ok(data.ends.includes('SIGKILL') && data.ends.includes('still running'), data.ends.join());
  if (process.getuid?.() === 0) assert.ok(data.outcomes.includes('SIGKILL by itself'), data.outcomes.join());
});

kernelTest('cut short while it waits for the rest of the tree, it still draws', NEEDS, async () => {
  const page = join(folder, 'cut.html');
  const running = procwatch([
    'run',
    '-q',
    '--all',
    '--timeline',
    page,
    '--',
    'sh',
    '-c',
    'sleep 30 >&- 2>&- & echo $!',
  ]);
  await until('the command has ended', () => running.stdout !== '' && childrenOf(running.pid) === '');
  running.child.kill('SIGTERM');
  assert.equal(await running.status(), 143);
  process.kill(Number(running.stdout));
  assert.ok(modelAt(page).data.outcomes.includes('still running'));
});

kernelTest('--usage is on by itself, and says nothing where it cannot be had', ['connector', 'root'], async () => {
  const page = join(folder, 'usage.html');
  await run(['-q', '--timeline', page, '--', 'sh', '-c', 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done']);
  assert.match(figure(modelAt(page), 'CPU time') ?? '', /^\d/);
  const place = join(scratch(), 'without-rights');
  mkdirSync(place);
  chownSync(place, NOBODY, NOBODY);
  const bare = join(place, 'bare.html');
  const { stderr } = await run(['-q', '--timeline', bare, '--', 'true'], { uid: NOBODY });
  assert.equal(stderr, '');
  assert.equal(figure(modelAt(bare), 'CPU time'), undefined);
});

/** Of a process, as the kernel lists them. */
const childrenOf = (pid: number): string => readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1');

const HOSTILE = ['</script><script>window.ran=1</script>', '\u2028', '"\'`', '\u202eabc', '__proto__', '\u001b[31m'];

kernelTest('arguments that try to break out of the page are text in it', NEEDS, async () => {
  const page = join(folder, 'hostile.html');
  await run([
    '-q',
    '--timeline',
    page,
    '--',
    'sh',
    '-c',
    '/bin/true "$@"; /bin/true "$(printf "\\377")"',
    'sh',
    ...HOSTILE,
  ]);
  const html = readFileSync(page, 'utf8');
  assert.equal(html.match(/<\/script>/g)?.length, 2);
  const model = modelAt(page);
  const commands = Array.from({ length: model.count }, (_, place) => commandAt(model, place)).join('\n');
  for (const text of [
    "'</script><script>window.ran=1</script>'",
    '\\u2028',
    '\\u202eabc',
    '__proto__',
    '\\x1b[31m',
    '\\xff',
  ]) {
    assert.ok(commands.includes(text), `${text} in ${commands}`);
  }
});

kernelTest('--no-args and --redact hold', NEEDS, async () => {
  const page = join(folder, 'secret.html');
  const command = ['--', 'sh', '-c', 'sleep 0.02; sleep 0.02 # hunter2', 'hunter2'];
  const drawn = (await run(['-q', '-S', '--no-args', '--timeline', page, ...command])).stderr;
  assert.match(drawn, /^\[sh\] /);
  for (const text of [readFileSync(page, 'utf8'), drawn]) assert.ok(!text.includes('hunter2'), text.slice(0, 1000));
  const redacted = join(folder, 'redacted.html');
  const { stderr } = await run(['-q', '--redact', 'hunter[0-9]', '--timeline', redacted, ...command]);
  assert.equal(stderr, '');
  const html = readFileSync(redacted, 'utf8');
  assert.ok(!html.includes('hunter2') && html.includes('***'));
});

kernelTest('under sudo the file belongs to the user that the command runs as', ['connector', 'root'], async () => {
  const place = join(scratch(), 'of-nobody');
  mkdirSync(place);
  chownSync(place, NOBODY, NOBODY);
  const page = join(place, 'a.html');
  const { code } = await run(['-q', '--timeline', page, '--', 'true'], { env: { SUDO_USER: 'nobody' } });
  assert.equal(code, 0);
  assert.equal(statSync(page).uid, NOBODY);
});
