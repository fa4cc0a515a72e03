// What `npm test` runs, in this order: format and lint, types, the tests that need no kernel, the tests on the real kernel.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const NEEDS_KERNEL = /^test\/kernel\//;

const tests = readdirSync(`${root}test`, { recursive: true })
  .map((name) => `test/${name}`)
  .filter((name) => name.endsWith('.test.ts'))
  .sort();

function step(title, args, env = {}) {
  console.log(`\n# ${title}`);
  const { status } = spawnSync(process.execPath, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  if (status !== 0) {
    console.error(`\n${title}: failed`);
    process.exit(status ?? 1);
  }
}

const runTests = (files, concurrency) => [
  '--import=tsx',
  '--test',
  `--test-concurrency=${concurrency}`,
  // What never ends is a failure too.
  '--test-timeout=600000',
  ...(process.stdout.isTTY ? [] : ['--test-reporter=spec']),
  ...files,
];

step('format and lint', ['node_modules/@biomejs/biome/bin/biome', 'check', '.']);
step('types', ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json']);
step('types of the page', ['node_modules/typescript/bin/tsc', '-p', 'src/timeline/page/tsconfig.json']);
step(
  'tests without a kernel',
  runTests(
    tests.filter((name) => !NEEDS_KERNEL.test(name)),
    2,
  ),
);
// One at a time: they count what the whole machine does.
step(
  'tests on the kernel',
  runTests(
    tests.filter((name) => NEEDS_KERNEL.test(name)),
    1,
  ),
);
