/** What is in the package: all it needs, and nothing else. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { root } from '../docs/need.ts';
import { run, tarball } from './tarball.ts';

const { files, dependencies, devDependencies, scripts } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));

/** Beside the built program. */
const REST = [
  'LICENSE',
  'README.md',
  'bin/package.json',
  'bin/procwatch.js',
  'dist/library/api.d.ts',
  'dist/cli-pretty.cjs',
  'dist/cli-rest.cjs',
  'dist/cli-watch.cjs',
  'dist/cli.cjs',
  'dist/page/LICENSES.txt',
  'dist/page/timeline-style.css',
  'dist/page/timeline.js',
  'dist/errors.d.ts',
  'dist/format/json-records.d.ts',
  'dist/netlink/events.d.ts',
  'dist/process/stream-sources.d.ts',
  'dist/library/processes.d.ts',
  'dist/cause/causes.d.ts',
  'dist/library/watch-request.d.ts',
  'man/procwatch.8',
  'package.json',
  'schema/procwatch-ps-v1.schema.json',
  'schema/procwatch-v1.schema.json',
];

function filesUnder(directory: string): string[] {
  const entries = readdirSync(`${root}${directory}`, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => `${parentPath}/${name}`.slice(root.length));
}

test('the tarball holds the built program, its types, manual, schema and examples, and nothing else', () => {
  const { stdout } = run('tar', ['-tzf', tarball()]);
  const packed = stdout
    .trim()
    .split('\n')
    .map((path) => path.replace(/^package\//, ''));
  const isModule = (path: string): boolean => path !== 'src/cli.ts' && !path.startsWith('src/timeline/page/');
  const modules = filesUnder('src').filter(isModule);
  const built = modules.map((path) => path.replace(/^src\/(.*)\.ts$/, 'dist/$1.js'));
  assert.deepEqual(packed.sort(), [...REST, ...built, ...filesUnder('examples')].sort());
});

test('nothing that only a checkout needs is a dependency of an installation', () => {
  for (const name of ['tsx', 'typescript', '@biomejs/biome', 'ajv', 'd3-zoom', 'pbf', 'puppeteer-core']) {
    assert.equal(name in dependencies, false, name);
    assert.equal(name in devDependencies, true, name);
  }
});

test('the licences of what the build put into files of ours are in the package', () => {
  const { stdout } = run('tar', ['-xzOf', tarball(), 'package/dist/page/LICENSES.txt']);
  for (const name of ['d3-axis', 'd3-scale', 'd3-selection', 'd3-zoom', 'pbf']) {
    const { version } = JSON.parse(readFileSync(`${root}node_modules/${name}/package.json`, 'utf8'));
    assert.ok(stdout.includes(`\n${name} ${version}\n`), name);
  }
  assert.match(stdout, /Permission to use, copy, modify/);
  assert.match(stdout, /Redistribution and use in source and binary forms/);
});

test('installing runs no script of ours', () => {
  for (const name of ['preinstall', 'install', 'postinstall', 'prepare']) assert.equal(name in scripts, false, name);
});

test('every path in files leads to something', () => {
  const { stdout } = run('tar', ['-tzf', tarball()]);
  for (const path of files) {
    const start = path.replace(/\*\*.*$/, '');
    assert.ok(
      stdout.split('\n').some((line) => line.startsWith(`package/${start}`)),
      path,
    );
  }
});
