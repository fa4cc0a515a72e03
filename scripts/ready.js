// Makes a checkout ready to run: installs what the lock file names and builds dist/, each only when something changed.
// Everything it says goes to stderr: stdout belongs to the program that is started next.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const at = (path) => `${root}${path}`;

function run(command, ...args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', process.stderr, process.stderr] });
  if (error) console.error(`${command}: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}

const digest = (...paths) =>
  paths.reduce((hash, path) => hash.update(readFileSync(path)), createHash('sha256')).digest('hex');
const stampIs = (stamp, value) => existsSync(stamp) && readFileSync(stamp, 'utf8') === value;

const installStamp = at('node_modules/.procwatch-installed');
const locked = digest(at('package-lock.json'), at('package.json'));
if (!stampIs(installStamp, locked)) {
  run('npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error');
  writeFileSync(installStamp, locked);
}

const sources = readdirSync(at('src'), { recursive: true })
  .map((name) => at(`src/${name}`))
  .filter((path) => statSync(path).isFile())
  .sort();
const buildStamp = at('dist/.built');
const built = digest(at('tsconfig.json'), at('tsconfig.build.json'), at('scripts/build.js'), ...sources);
if (!stampIs(buildStamp, built)) {
  run(process.execPath, at('scripts/build.js'));
  writeFileSync(buildStamp, built);
}
