/** The package installed as a user does it: globally, from the tarball, without scripts, compiler and development tools. */
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { before, type TestContext, test } from 'node:test';
import { connectorTrouble, hasProgram, needs, root } from '../docs/need.ts';
import { assertRecord } from '../schema/validator.ts';
import { install, place, run } from './tarball.ts';

const prefix = place('global');
const modules = `${prefix}/lib/node_modules/procwatch`;
const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
let trouble: string | undefined;

before(() => {
  trouble = install('--global', '--prefix', prefix);
});

/** False if the test must end here: npm could not get what the package depends on. */
const isInstalled = (t: TestContext): boolean => needs(t, trouble === undefined, trouble ?? '');

/** As a shell would start it: by its name, from somewhere else. */
const procwatch = (...args: string[]) =>
  run('procwatch', args, { cwd: '/tmp', env: { PATH: `${prefix}/bin:${process.env.PATH}` } });

test('procwatch is on the PATH and tells its version', (t) => {
  if (!isInstalled(t)) return;
  assert.deepEqual(procwatch('--version'), {
    ...procwatch('--version'),
    status: 0,
    stdout: `${version}\n`,
    stderr: '',
  });
});

test('it needs neither tsx nor any other tool of development', (t) => {
  if (!isInstalled(t)) return;
  for (const name of ['tsx', 'typescript', 'esbuild', 'ajv', '@biomejs/biome']) {
    assert.equal(existsSync(`${modules}/node_modules/${name}`), false, name);
  }
});

test('events, completion and doctor work', (t) => {
  if (!isInstalled(t)) return;
  assert.match(procwatch('events').stdout, /^exec +0x00000002/m);
  assert.match(procwatch('completion', 'bash').stdout, /^complete -F _procwatch procwatch$/m);
  assert.match(procwatch('doctor').stdout, /^watch .*\.$/m);
});

test('it watches: three events as records that obey the schema', (t) => {
  if (!isInstalled(t)) return;
  const why = connectorTrouble();
  if (!needs(t, why === undefined, why ?? '')) return;
  const counted = run('sh', ['-c', '(sleep 1; for i in 1 2 3 4 5; do /bin/true; done) & exec procwatch --json -n 3'], {
    env: { PATH: `${prefix}/bin:${process.env.PATH}` },
  });
  assert.equal(counted.status, 0, counted.stderr);
  const records = counted.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.equal(records.filter(({ pid }) => pid !== undefined).length, 3);
  for (const record of records) assertRecord(record);
});

test('it draws a recording, as a page, as traces and in words, with nothing more installed', (t) => {
  if (!isInstalled(t)) return;
  const recording = `${root}test/docs/sample.jsonl`;
  for (const [name, size] of [
    ['a.html', 100_000],
    ['a.pftrace', 1000],
    ['a.json.gz', 1000],
  ] as const) {
    const drawn = procwatch('timeline', recording, '-o', `${prefix}/${name}`);
    assert.equal(drawn.status, 0, drawn.stderr);
    assert.ok(statSync(`${prefix}/${name}`).size > size, name);
  }
  assert.match(procwatch('timeline', recording, '--text').stdout, /^wall time [\s\S]*\nBy command\n/);
  for (const name of ['d3-zoom', 'pbf']) assert.equal(existsSync(`${modules}/node_modules/${name}`), false, name);
});

test('man finds the page', (t) => {
  if (!isInstalled(t)) return;
  assert.ok(existsSync(`${prefix}/share/man/man8/procwatch.8`));
  if (!needs(t, hasProgram('man'), 'man is not installed')) return;
  const { stdout, status } = run('man', ['-w', 'procwatch'], { env: { MANPATH: `${prefix}/share/man` } });
  assert.equal(status, 0);
  assert.equal(realpathSync(stdout.trim()), realpathSync(`${prefix}/share/man/man8/procwatch.8`));
});

test('without the native part of koffi it says so, and how to get it', (t) => {
  if (!isInstalled(t)) return;
  // As npm leaves it with --omit=optional, or on a machine for which koffi has nothing.
  const bare = place('bare');
  cpSync(prefix, bare, { recursive: true, verbatimSymlinks: true });
  rmSync(`${bare}/lib/node_modules/procwatch/node_modules/@koromix`, { recursive: true });
  const { status, stderr } = run(`${bare}/bin/procwatch`, ['watch']);
  assert.match(stderr, /^procwatch: cannot call the C library: .*\nhint: install procwatch again, .*\n$/);
  assert.equal(status, 69);
  assert.match(run(`${bare}/bin/procwatch`, ['doctor']).stdout, /^unavailable +koffi/m);
});

const CONSUMER = `import { isProcess, watch, type ExitJson, type JsonRecord, type WatchRequest } from 'procwatch';

const request: WatchRequest = { events: ['exec', 'exit'], name: 'cc*', signal: AbortSignal.timeout(1) };
for await (const record of watch(request)) {
  const any: JsonRecord = record;
  if (record.event === 'exit') {
    const exit: ExitJson = record;
    const code: number | undefined = exit.exit_code;
    console.log(code);
  } else if (record.event === 'lost') console.log(record.reason === 'overrun', record.count);
  else if (isProcess(any)) console.log(any.pid.toFixed(), any.args?.join(' '));
}
// @ts-expect-error no record has this member
watch().next().then(({ value }) => value?.surprise);
// @ts-expect-error there is no such event
watch({ events: 'exce' });
`;

test('a program of somebody else imports it, with types', (t) => {
  const consumer = place('consumer');
  mkdirSync(consumer);
  writeFileSync(`${consumer}/package.json`, '{ "type": "module" }');
  writeFileSync(`${consumer}/main.ts`, CONSUMER);
  const why = install('--prefix', consumer);
  if (!needs(t, why === undefined, why ?? '')) return;
  const options = ['--noEmit', '--strict', '--target', 'es2022', '--module', 'nodenext', '--types', 'node'];
  const types = ['--typeRoots', `${root}node_modules/@types`];
  const tsc = `${root}node_modules/typescript/bin/tsc`;
  const checked = run(process.execPath, [tsc, ...options, ...types, 'main.ts'], { cwd: consumer });
  assert.equal(checked.status, 0, checked.stdout);
  const script = "import { watch } from 'procwatch'; console.log(typeof watch().next); process.exit()";
  const ran = run(process.execPath, ['--input-type=module', '-e', script], { cwd: consumer });
  assert.deepEqual([ran.stdout, ran.stderr], ['function\n', '']);
});
