// Makes a checkout ready to run: installs what the lock file names and builds dist/, each only when something changed.
// Everything it says goes to stderr: stdout belongs to the program that is started next.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
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

const LOCK = '.ready.lock';

/** The process that holds the lock; undefined if it is no more. */
function holder() {
  try {
    const pid = Number(readFileSync(at(LOCK), 'utf8'));
    process.kill(pid, 0);
    return pid;
  } catch (error) {
    return error.code === 'EPERM' ? 'of another user' : undefined;
  }
}

/** Two that make one checkout ready at the same time would delete each other's files. Who was killed holds nobody up. */
function alone() {
  for (let hasSaid = false; ; ) {
    try {
      writeFileSync(at(LOCK), `${process.pid}`, { flag: 'wx' });
      process.once('exit', () => rmSync(at(LOCK), { force: true }));
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const other = holder();
    if (other === undefined) rmSync(at(LOCK), { force: true });
    else if (!hasSaid)
      console.error(`waiting for process ${other}, which makes this ready; if it does not, remove ${LOCK}`);
    hasSaid ||= other !== undefined;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
  }
}

const installStamp = at('node_modules/.procwatch-installed');
const locked = digest(at('package-lock.json'), at('package.json'));
const isInstalled = () => stampIs(installStamp, locked);

const sources = readdirSync(at('src'), { recursive: true })
  .map((name) => at(`src/${name}`))
  .filter((path) => statSync(path).isFile())
  .sort();
const buildStamp = at('dist/.built');
const builders = readdirSync(at('scripts'))
  .filter((name) => /^build.*\.js$/.test(name))
  .map((name) => at(`scripts/${name}`));
const built = digest(at('tsconfig.json'), at('tsconfig.build.json'), ...builders.sort(), ...sources);
const isBuilt = () => stampIs(buildStamp, built);

if (!isInstalled() || !isBuilt()) alone();
// Asked again: another one may have done it while we waited.
if (!isInstalled()) {
  run('npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error');
  writeFileSync(installStamp, locked);
}
if (!isBuilt()) {
  run(process.execPath, at('scripts/build.js'));
  writeFileSync(buildStamp, built);
}
