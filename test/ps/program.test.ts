/**
 * `procwatch ps` as a person meets it, in a scripted world: transcripts in test/ps/golden (UPDATE_GOLDEN=1 writes them anew), what is
 * read for them, and the same output from both sources.
 */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { JsonFormatter } from '../../src/format/json.ts';
import { main } from '../../src/main.ts';
import { context, record } from '../support/records.ts';
import { machine } from './machine.ts';

const FOLDER = fileURLToPath(new URL('./golden/', import.meta.url));
const WINDOW = { width: 100, height: 24 };
const EVERYTHING = 'base,cred,time,memory,io,args,cgroup';

async function transcript(argv: readonly string[], window?: typeof WINDOW): Promise<string> {
  const host = machine(argv, window);
  const code = await main(host);
  return `$ procwatch ps ${argv.join(' ')}\n${host.stdout.text}--- stderr\n${host.stderr.text}--- exit ${code}\n`;
}

const SCENES: Readonly<Record<string, { readonly argv: readonly string[]; readonly window?: typeof WINDOW }>> = {
  'a tree on a terminal': { argv: [], window: WINDOW },
  'a tree with threads and arguments': { argv: ['--threads', '--show', 'base,cred,args'], window: WINDOW },
  'a tree on a narrow terminal': { argv: ['--show', 'base,args'], window: { width: 24, height: 10 } },
  'a table': { argv: [] },
  'a table of everything': { argv: ['--show', EVERYTHING] },
  'chosen columns, the largest first': { argv: ['--columns', 'pid,rss_kib,user', '--sort', '-rss_kib'] },
  'JSON of everything': { argv: ['--json', '--show', EVERYTHING] },
  children: { argv: ['--children', '100'] },
  'a tree without a branch': { argv: ['--tree', '1', '--not-tree', '100'] },
  'by name': { argv: ['--name', 'cc*'] },
  'a process that is not there': { argv: ['--pid', '100,555'] },
};
for (const [name, { argv, window }] of Object.entries(SCENES)) {
  test(`transcript: ${name}`, async () => {
    const path = `${FOLDER}${name.replace(/[^\w]+/g, '-')}.txt`;
    const text = await transcript(argv, window);
    if (process.env.UPDATE_GOLDEN === '1') {
      mkdirSync(FOLDER, { recursive: true });
      writeFileSync(path, text);
    }
    assert.equal(text, readFileSync(path, 'utf8'));
  });

  test(`the same from /proc: ${name}`, async () => {
    const walked = machine([...argv, '--source', 'bpf'], window);
    const read = machine([...argv, '--source', 'proc'], window);
    assert.equal(await main(walked), await main(read));
    assert.equal(walked.stdout.text, read.stdout.text);
    assert.ok(walked.tasks.log.includes('walk') && !read.tasks.log.includes('walk'));
  });
}

/** One process, as two machines have it. */
const recorded = (name: string, comm: string): string => {
  const told = record({ event: 'alive', pid: 100, ppid: 1, image: { comm, uid: 1000 } });
  const of = { ...context, extras: new Set(['host'] as const), host: name };
  return new JsonFormatter(of).format(told);
};

test('transcript: machines of two recordings', async () => {
  const path = `${FOLDER}machines-of-two-recordings.txt`;
  const argv = ['--json', '-r', 'web-1.jsonl', '-r', 'web-2.jsonl'];
  const host = machine(argv);
  host.openFile('web-1.jsonl').write(recorded('web-1', 'nginx'));
  host.openFile('web-2.jsonl').write(recorded('web-2', 'redis'));
  const code = await main(host);
  const text = `$ procwatch ps ${argv.join(' ')}\n${host.stdout.text}--- stderr\n${host.stderr.text}--- exit ${code}\n`;
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(path, text);
  assert.equal(text, readFileSync(path, 'utf8'));
});

async function reads(...argv: string[]): Promise<readonly string[]> {
  const host = machine(argv);
  await main(host);
  return host.tasks.log;
}

test('what the walk tells is not read again, and only the chosen ones are read', async () => {
  assert.deepEqual(await reads('--columns', 'pid,user,ruid'), ['walk']);
  assert.deepEqual(await reads('--children', '100', '--columns', 'pid,rss_kib'), ['walk', 'status 200']);
  assert.deepEqual(await reads('--user', 'ada', '--columns', 'pid,args'), ['walk', 'cmdline 100', 'cmdline 200']);
});

test('the whole name is read of kernel threads alone', async () => {
  assert.deepEqual(await reads('--columns', 'pid,comm'), ['walk', 'comm 2']);
});

test('a few processes are read by their numbers, without setting up a walk', async () => {
  assert.deepEqual(await reads('--pid', '100,200', '--columns', 'pid'), ['base 100', 'base 200']);
});

test('a parent that the walk kept out of sight is read from /proc', async () => {
  const host = machine(['--columns', 'pid,comm', '--source', 'bpf']);
  host.tasks.unseen.add(1);
  await main(host);
  assert.match(host.stdout.text, /^ *1 {2}init$/m);
});

test('where there is no walk /proc tells the same, without a word', async () => {
  const host = machine([]);
  host.tasks.refusal = 'needs CAP_BPF';
  assert.equal(await main(host), 0);
  const [reference, ...rest] = [host.stdout.text, host.stderr.text];
  assert.deepEqual(rest, ['']);
  const walked = machine([]);
  await main(walked);
  assert.equal(reference, walked.stdout.text);
});

test('where there is no walk and it was asked for, that is a failure with its reason', async () => {
  const host = machine(['--source', 'bpf']);
  host.tasks.refusal = 'needs CAP_BPF';
  assert.equal(await main(host), 77);
  assert.equal(
    host.stderr.text,
    'procwatch: --source bpf: needs CAP_BPF\nhint: --source proc tells the same, read from /proc\n',
  );
  assert.equal(host.stdout.text, '');
});

test('no byte of a foreign name or argument reaches the terminal as it is', async () => {
  for (const argv of [
    ['--show', 'base,args'],
    ['--format', 'table', '--show', 'base,args'],
    ['--json', '--show', EVERYTHING],
  ]) {
    const host = machine([...argv, '--color', 'never'], WINDOW);
    await main(host);
    assert.doesNotMatch(host.stdout.text, /[\x00-\x09\x0b-\x1f\x7f\u202e]/, argv.join(' '));
  }
});

test('a file gets whole lines and no colour', async () => {
  const host = machine(['--output', '/file', '--show', 'base,args'], { width: 10, height: 5 });
  await main(host);
  assert.equal(host.stdout.text, '');
  assert.match(host.readFile('/file'), / {2}cc1 -o 'a file'$/m);
});
