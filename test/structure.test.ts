/** The shape of the source, as code: who may import whom, one owner for each library, and a word at the head of each file. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { VERSION } from '../src/version.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const files = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((name) => name.endsWith('.ts'))
    .sort();
const source = (file: string): string => readFileSync(join(root, file), 'utf8');

/** What a file imports, types included: paths from the root for our own, names for the others'. */
function importsOf(file: string): string[] {
  const statements = /^(?:import|export)\b[^;]*?\bfrom '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)/gm;
  return [...source(file).matchAll(statements)].map(([, from, bare, dynamic]) => {
    const target = from ?? bare ?? dynamic;
    return target.startsWith('.') ? normalize(join(dirname(file), target)) : target;
  });
}

const SOURCES = files('src');
const importersOf = (library: string): string[] => SOURCES.filter((file) => importsOf(file).includes(library));

const OWNERS: Record<string, string> = {
  koffi: 'src/linux/libc.ts',
  commander: 'src/commands/program.ts',
  chalk: 'src/format/palette.ts',
  'cli-table3': 'src/format/plain-table.ts',
  re2js: 'src/process/patterns.ts',
  'string-width': 'src/format/width.ts',
  '@nats-io/transport-node': 'src/host/nats-engine.ts',
  '@nats-io/jetstream': 'src/host/nats-engine.ts',
};
/** Libraries that the build puts into files of ours: nothing of them is installed. */
const BUNDLED: Record<string, readonly string[]> = {
  pbf: ['src/timeline/protobuf.ts'],
  'd3-axis': ['src/timeline/page/picture.ts'],
  'd3-scale': [
    'src/timeline/page/paint-bars.ts',
    'src/timeline/page/paint-strip.ts',
    'src/timeline/page/picture.ts',
    'src/timeline/page/times.ts',
  ],
  'd3-selection': ['src/timeline/page/picture.ts'],
  'd3-zoom': ['src/timeline/page/picture.ts'],
};

for (const [library, owners] of Object.entries(BUNDLED)) {
  test(`${library} is imported for the timeline alone`, () => assert.deepEqual(importersOf(library), owners));
}

for (const [library, owner] of Object.entries(OWNERS)) {
  test(`${library} is imported by ${owner} alone`, () => assert.deepEqual(importersOf(library), [owner]));
}

test('every library in package.json has an owner, and no other is imported', () => {
  const { dependencies, optionalDependencies, devDependencies } = JSON.parse(source('package.json')) as Record<
    string,
    Record<string, string>
  >;
  assert.deepEqual(Object.keys({ ...dependencies, ...optionalDependencies }).sort(), Object.keys(OWNERS).sort());
  for (const name of Object.keys(BUNDLED)) assert.ok(name in devDependencies, name);
  const foreign = SOURCES.flatMap(importsOf).filter((name) => !name.startsWith('src/') && !name.startsWith('node:'));
  assert.deepEqual([...new Set(foreign)].sort(), [...Object.keys(OWNERS), ...Object.keys(BUNDLED)].sort());
});

/** Folders of src that files of a folder must not look into. What lies lower knows nothing of what stands on it. */
const ABOVE_PROCESS = ['src/host', 'src/pipeline', 'src/commands', 'src/library'];
const CLOSED: Record<string, readonly string[]> = {
  'src/netlink': ['src/process', 'src/format', 'src/linux', ...ABOVE_PROCESS],
  'src/process': ['src/format', 'src/linux', 'src/bpf', 'src/taskstats', ...ABOVE_PROCESS],
  'src/format': ['src/linux', 'src/bpf', ...ABOVE_PROCESS],
  'src/bpf': ['src/format', ...ABOVE_PROCESS],
  'src/taskstats': ['src/format', 'src/linux', ...ABOVE_PROCESS],
  'src/nats': ['src/linux', 'src/bpf', 'src/process', ...ABOVE_PROCESS.filter((folder) => folder !== 'src/host')],
  'src/forward': ['src/linux', 'src/bpf', 'src/process', ...ABOVE_PROCESS.filter((folder) => folder !== 'src/host')],
  'src/host': ['src/format', 'src/pipeline', 'src/commands', 'src/library'],
  'src/pipeline': ['src/linux', 'src/bpf', 'src/commands', 'src/library'],
  'src/timeline': ['src/linux', 'src/bpf', 'src/netlink', ...ABOVE_PROCESS],
  'src/commands': ['src/linux', 'src/bpf', 'src/library', 'src/main.ts', 'src/cli.ts'],
};
for (const [folder, closed] of Object.entries(CLOSED)) {
  test(`${folder} looks into none of ${closed.join(', ')}`, () => {
    const found = SOURCES.filter((file) => file.startsWith(`${folder}/`)).flatMap((file) =>
      importsOf(file)
        .filter((target) => closed.some((shut) => target === shut || target.startsWith(`${shut}/`)))
        .map((target) => `${file} imports ${target}`),
    );
    assert.deepEqual(found, []);
  });
}

test('the calls of the system know nothing but themselves and how an error is described', () => {
  const own = SOURCES.filter((file) => file.startsWith('src/linux/'));
  const others = own
    .flatMap(importsOf)
    .filter((target) => target.startsWith('src/') && !target.startsWith('src/linux/'));
  assert.deepEqual([...new Set(others)], ['src/errors.ts']);
});

/** The doors to the system below Node, besides the host. */
const DOORS = ['src/bpf/syscalls.ts', 'src/ps/proc-tasks.ts'];
test('the system below Node is reached through a few doors', () => {
  const outside = SOURCES.filter((file) => !/^src\/(?:linux|host)\//.test(file));
  const into = outside.filter((file) => importsOf(file).some((target) => target.startsWith('src/linux/')));
  assert.deepEqual(into, DOORS);
});

test('environment, clock and exit of the process are the host’s alone', () => {
  const impure =
    /\bprocess\.(?:env|exit|argv|stdout|stderr|on)\b|\bDate\.now\(|\bconsole\.|\bset(?:Timeout|Interval)\(/;
  const found = SOURCES.filter((file) => impure.test(source(file).replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')));
  assert.deepEqual(found, ['src/cli.ts', 'src/host/clocks.ts', 'src/host/real-host.ts']);
});

test('what a timeline needs is loaded through one door, and the page is a program of its own', () => {
  const drawn = SOURCES.filter((file) =>
    /^src\/timeline\/(?:drawing|collector|findings|html|perfetto|chrome-trace)\.ts$/.test(file),
  );
  const outside = SOURCES.filter((file) => !file.startsWith('src/timeline/'));
  const statements = /^import (?!type )[^;]*? from '([^']+)'/gm;
  for (const file of outside) {
    const loaded = [...source(file).matchAll(statements)].map(([, from]) => normalize(join(dirname(file), from)));
    assert.deepEqual(
      loaded.filter((target) => drawn.includes(target)),
      [],
      file,
    );
  }
  const page = SOURCES.filter((file) => !file.startsWith('src/timeline/page/'));
  assert.deepEqual(
    page.filter((file) => importsOf(file).some((target) => target.startsWith('src/timeline/page/'))),
    [],
  );
});

test('every file opens with what it owns', () => {
  for (const file of [...SOURCES, ...files('test')]) assert.match(source(file), /^(?:#!.*\n)?\/(?:\*\*|\/) ?\S?/, file);
});

test('no drawer has a name that says nothing', () => {
  const drawers = /(?:^|\/)(?:utils?|helpers?|common|misc|types|index)(?:\.test)?\.ts$/;
  assert.deepEqual(
    [...SOURCES, ...files('test')].filter((file) => drawers.test(file)),
    [],
  );
});

test('the version is that of package.json', () => {
  const { version } = JSON.parse(source('package.json')) as { version: string };
  assert.equal(VERSION, version);
});
