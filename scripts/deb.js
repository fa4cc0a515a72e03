// `npm run deb`: the packages that bring their own Node.js, for machines without one. Into dist/: a .deb, and a tarball of the same tree that
// runs from any directory. `--arch arm64` builds for another machine: without code cache, unless its Node.js can be run here.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { layCaches } from './deb/caches.js';
import { layControl } from './deb/control.js';
import { layTree } from './deb/tree.js';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Debian's names for the machines, and everybody else's. */
const MACHINES = { x64: { debian: 'amd64', koffi: 'linux_x64' }, arm64: { debian: 'arm64', koffi: 'linux_arm64' } };

const { values } = parseArgs({ options: { arch: { type: 'string', default: process.arch } } });
const arch = values.arch === 'amd64' ? 'x64' : values.arch;
const machine = MACHINES[arch];
if (machine === undefined) {
  console.error(`there is no package for ${values.arch}: expected ${Object.keys(MACHINES).join(' or ')}`);
  process.exit(2);
}
const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
// The same input gives the same package: files are as old as the last change.
const { stdout: changed } = spawnSync('git', ['log', '-1', '--format=%ct'], { cwd: root, encoding: 'utf8' });
const epoch = process.env.SOURCE_DATE_EPOCH ?? (changed.trim() || '0');

function run(command, ...args) {
  const env = { ...process.env, SOURCE_DATE_EPOCH: epoch };
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'], env });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? `ended with ${status}`}`);
}

const work = mkdtempSync(join(tmpdir(), 'procwatch-deb-'));
process.on('exit', () => rmSync(work, { recursive: true, force: true }));
process.umask(0o022);
const target = { root, version, arch, machine, epoch };

const debian = join(work, 'deb');
mkdirSync(debian);
await layTree(target, debian, { home: '/usr/lib/procwatch', prefix: '/usr' });
const made = layCaches(target, join(debian, 'usr/lib/procwatch'));
layControl(target, debian);
const deb = `${root}dist/procwatch_${version}_${machine.debian}.deb`;
run('dpkg-deb', '--root-owner-group', '-Zxz', '--build', debian, deb);

const name = `procwatch-${version}-linux-${arch}`;
const portable = join(work, name);
mkdirSync(portable);
await layTree(target, portable, { home: undefined, prefix: '' });
layCaches(target, join(portable, 'lib/procwatch'));
const archive = `${root}dist/${name}.tar.xz`;
const owner = ['--owner=0', '--group=0', '--numeric-owner', '--sort=name', `--mtime=@${epoch}`];
run('tar', ...owner, '-C', work, '-I', 'xz -T0', '-cf', archive, name);

console.log(`${deb}\n${archive}\ncode cache: ${made}`);
