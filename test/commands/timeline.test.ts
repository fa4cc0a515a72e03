/** `procwatch timeline` as a person meets it, in a scripted world. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { main } from '../../src/main.ts';
import { root } from '../docs/need.ts';
import { ScriptedHost } from '../support/scripted-host.ts';

const SAMPLE = readFileSync(new URL('../docs/sample.jsonl', import.meta.url));

/** A world with a recording in it, and the page's own code. */
function world(argv: readonly string[], env: Record<string, string> = {}): ScriptedHost {
  const host = new ScriptedHost({ argv: ['timeline', ...argv], env });
  host.openFile('night.jsonl').write(SAMPLE);
  host.openFile('-').write(SAMPLE);
  for (const name of ['timeline.js', 'timeline-style.css']) host.openFile(`${root}dist/page/${name}`).write('code');
  return host;
}

const written = (host: ScriptedHost, path: string): string =>
  host.files.get(path)?.text ?? assert.fail(`${path} was not written`);

test('a recording becomes a page by default, and one line says so', async () => {
  const host = world(['-r', 'night.jsonl']);
  assert.equal(await main(host), 0);
  assert.match(written(host, 'procwatch-timeline.html'), /^<!doctype html>/);
  assert.match(host.stderr.text, /^procwatch: procwatch-timeline\.html shows \d+ processes\n$/);
  assert.equal(host.stdout.text, '');
});

test('the end of the name chooses what is drawn', async () => {
  for (const [path, begins] of [
    ['a.htm', '<!doctype html>'],
    ['a.json', '{"traceEvents":['],
    ['a.pftrace', '\n'],
    ['a.json.gz', '\u001f'],
  ]) {
    const host = world(['-o', path, '-']);
    assert.equal(await main(host), 0, host.stderr.text);
    assert.ok(written(host, path).startsWith(begins), path);
  }
  const host = world(['-r', 'night.jsonl', '-o', 'picture.png']);
  assert.equal(await main(host), 2);
  assert.match(
    host.stderr.text,
    /--output: the name "picture\.png" does not say what to draw\nhint: expected one that ends in \.html or \.htm/,
  );
});

test('--text says it in words, and draws only what is asked for', async () => {
  const host = world(['-r', 'night.jsonl', '--text']);
  assert.equal(await main(host), 0);
  assert.match(host.stdout.text, /^wall time \S+, .*\n\n[\s\S]*\nBy command\n/);
  assert.equal(host.stderr.text, '');
  const both = world(['-r', 'night.jsonl', '--text', '-o', 'a.json']);
  assert.equal(await main(both), 0);
  assert.match(written(both, 'a.json'), /traceEvents/);
});

test('selection, --redact and --no-args hold', async () => {
  const chosen = world(['-r', 'night.jsonl', '--text', '--name', 'sleep']);
  assert.equal(await main(chosen), 0);
  assert.match(chosen.stdout.text, /\nBy command\n.*\n.*\nsleep .*\n\n/);
  const redacted = world(['-r', 'night.jsonl', '-o', 'a.json', '--redact', 'port [0-9]+|--port']);
  assert.equal(await main(redacted), 0);
  assert.ok(!written(redacted, 'a.json').includes('--port'));
  const bare = world(['-r', 'night.jsonl', '-o', 'a.json', '--no-args']);
  assert.equal(await main(bare), 0);
  assert.doesNotMatch(written(bare, 'a.json'), /"command":"[^"[(]/);
});

test('what stands in the way is said, with the documented code', async () => {
  for (const [argv, code, message] of [
    [[], 2, /^procwatch: no recording to draw\nhint: procwatch timeline \[options\] RECORDING\.\.\.\n$/],
    [['-r', 'nowhere'], 2, /^procwatch: cannot read nowhere: ENOENT/],
    [['-r', 'night.jsonl', '--name', 'no-such-program'], 2, /^procwatch: there is no process in it\n/],
    [['-r', 'night.jsonl', '-o', '/nowhere/a.html'], 74, /^procwatch: cannot write \/nowhere\/a\.html: ENOENT/],
    [['-r', 'night.jsonl', '--text', '--open'], 2, /^procwatch: --text draws no file that --open could show\n/],
    [['-r', 'night.jsonl', '--grep', '('], 2, /^procwatch: --grep: /],
  ] as const) {
    const host = world(argv);
    assert.equal(await main(host), code, argv.join(' '));
    assert.match(host.stderr.text, message);
  }
});

test('a recording of one command is called by it', async () => {
  const host = world(['-r', 'build.jsonl', '-o', 'a.json']);
  host.openFile('build.jsonl').write(readFileSync(new URL('../docs/build.jsonl', import.meta.url)));
  assert.equal(await main(host), 0);
  assert.equal(JSON.parse(written(host, 'a.json')).otherData.title, 'make -j2');
});

test('lines that are no records are passed over, and counted on stderr', async () => {
  const host = world(['-r', 'night.jsonl', '--text']);
  host.openFile('night.jsonl').write(`what is this\n${SAMPLE}`);
  assert.equal(await main(host), 0);
  assert.equal(host.stderr.text, 'procwatch: night.jsonl: line 1 is no record, and was passed over\n');
});

test('--open shows the file where there is a display', async () => {
  const host = world(['-r', 'night.jsonl', '--open'], { WAYLAND_DISPLAY: 'wayland-0' });
  assert.equal(await main(host), 0);
  assert.deepEqual(host.launched, ['xdg-open procwatch-timeline.html']);
  const blind = world(['-r', 'night.jsonl', '--open']);
  assert.equal(await main(blind), 0);
  assert.deepEqual(blind.launched, []);
  assert.match(
    blind.stderr.text,
    /\nprocwatch: --open: there is no display \(neither DISPLAY nor WAYLAND_DISPLAY is set\)\n$/,
  );
});

test('a file that cannot be written ends it with 74', async () => {
  const host = world(['-r', 'night.jsonl', '-o', 'full.html']);
  const { openFile } = host;
  host.openFile = (path) => {
    const stream = openFile.call(host, path);
    return Object.assign(stream, { write: () => (stream as unknown as { fail(code: string): void }).fail('ENOSPC') });
  };
  assert.equal(await main(host), 74);
  assert.equal(host.stderr.text, 'procwatch: cannot write full.html: ENOSPC\n');
});
