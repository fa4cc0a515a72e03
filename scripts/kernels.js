// `npm run test:kernels`: the packed tool on Debian's own kernel (6.1, which has no event filter), in a machine that qemu emulates, with
// nothing in it but Node.js, the tool and a static busybox. What runs there is test/old-kernel/guest.mjs. Where qemu or a package
// cannot be had, says so and ends with 0.
import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MACHINES = {
  x64: { qemu: 'qemu-system-x86_64', kernel: 'linux-image-amd64', console: 'ttyS0', options: ['-cpu', 'max'] },
};
const PATIENCE_MS = 600_000;
const root = fileURLToPath(new URL('..', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'procwatch-kernels-'));
process.on('exit', () => rmSync(directory, { recursive: true, force: true }));

function unable(why) {
  console.log(`not run: ${why}`);
  process.exit(0);
}

function run(command, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: directory,
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
    ...options,
  });
  return { ok: status === 0, stdout: stdout ?? '', stderr: error ? error.message : (stderr ?? '') };
}

const machine = MACHINES[process.arch] ?? unable(`no machine is described for ${process.arch}`);
for (const program of [machine.qemu, 'apt-get', 'apt-cache', 'dpkg-deb', 'cpio', 'ldd']) {
  if (!run('sh', ['-c', 'command -v "$1"', 'sh', program]).ok) unable(`there is no ${program}`);
}

/** Unpacks a Debian package, by name, into a folder. */
function unpack(name) {
  const into = join(directory, name);
  const { ok, stderr } = run('apt-get', ['download', '-qq', name]);
  const file = readdirSync(directory).find((entry) => entry.startsWith(`${name}_`) && entry.endsWith('.deb'));
  if (!ok || file === undefined) unable(`apt-get download ${name}: ${stderr.trim()}`);
  run('dpkg-deb', ['-x', file, into]);
  rmSync(join(directory, file));
  return into;
}

/** The package of a kernel that a name without version leads to. */
function kernelPackage() {
  const { stdout } = run('apt-cache', ['depends', machine.kernel]);
  const [, name] = /Depends: (linux-image-\S+)/.exec(stdout) ?? [];
  return name ?? unable(`apt-cache knows no kernel for ${machine.kernel}`);
}

/** The tool as a user would install it. */
function installTool(into) {
  const packed = run('npm', ['pack', '--pack-destination', directory, '--loglevel=error'], { cwd: root });
  const tarball = readdirSync(directory).find((name) => name.endsWith('.tgz'));
  if (tarball === undefined) throw new Error(packed.stderr);
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];
  const { ok, stderr } = run('npm', ['install', ...quiet, '--prefix', into, join(directory, tarball)]);
  if (!ok) unable(`npm install: ${stderr.trim()}`);
}

/** Copies a program with the libraries it is linked to, each to the place where it will be looked for. */
function copyProgram(path, guest, as = path) {
  const libraries = [...run('ldd', [path]).stdout.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(([, library]) => library);
  for (const [from, to] of [[path, as], ...libraries.map((library) => [library, library])]) {
    mkdirSync(dirname(join(guest, to)), { recursive: true });
    copyFileSync(from, join(guest, to));
  }
}

const INIT = `#!/bin/sh
/bin/busybox mkdir -p /proc /sys /dev /tmp /etc
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sys /sys
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox chmod 1777 /tmp
echo root:x:0:0::/:/bin/sh > /etc/passwd
echo ada:x:1000:1000::/:/bin/sh >> /etc/passwd
/bin/node /guest.mjs
/bin/busybox poweroff -f
`;

function buildGuest() {
  const guest = join(directory, 'guest');
  mkdirSync(join(guest, 'bin'), { recursive: true });
  copyProgram(process.execPath, guest, '/bin/node');
  const busybox = join(unpack('busybox-static'), 'bin/busybox');
  for (const name of ['busybox', 'sh']) copyFileSync(busybox, join(guest, 'bin', name));
  installTool(join(guest, 'procwatch'));
  copyFileSync(`${root}test/old-kernel/guest.mjs`, join(guest, 'guest.mjs'));
  writeFileSync(join(guest, 'init'), INIT, { mode: 0o755 });
  const { ok, stderr } = run('sh', ['-c', 'find . | cpio --quiet -o -H newc > ../initramfs'], { cwd: guest });
  if (!ok) throw new Error(stderr);
}

/** Starts the machine and gives back the lines that the guest printed. */
async function boot(kernel) {
  const append = `console=${machine.console} quiet panic=-1`;
  const hardware = ['-nographic', '-no-reboot', '-nodefaults', '-serial', 'stdio', '-m', '1536', '-smp', '2'];
  const args = [
    '-accel',
    'tcg',
    ...machine.options,
    ...hardware,
    '-kernel',
    kernel,
    '-initrd',
    'initramfs',
    '-append',
    append,
  ];
  const qemu = spawn(machine.qemu, args, { cwd: directory, stdio: ['ignore', 'pipe', 'inherit'] });
  const limit = setTimeout(() => qemu.kill('SIGKILL'), PATIENCE_MS);
  let text = '';
  let shown = 0;
  qemu.stdout.setEncoding('utf8').on('data', (more) => {
    text += more;
    const lines = text.split(/\r?\n/);
    for (const line of lines.slice(shown, -1))
      if (line.startsWith('guest: ')) console.log(line.slice('guest: '.length));
    shown = lines.length - 1;
  });
  await new Promise((resolve) => qemu.once('close', resolve));
  clearTimeout(limit);
  return text;
}

const name = kernelPackage();
const kernel = join(unpack(name), 'boot', `vmlinuz-${name.replace('linux-image-', '')}`);
readFileSync(kernel);
buildGuest();
const text = await boot(kernel);
const [, good, all] = /guest: done (\d+) of (\d+)/.exec(text) ?? [];
if (good === undefined || good !== all) {
  console.error(good === undefined ? `the machine did not come to an end:\n${text.slice(-3000)}` : `${good} of ${all}`);
  process.exitCode = 1;
}
