// What lies where in a package: the program with its Node.js below lib/procwatch, and what others look for in the places where they look.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { koffiFor, nodeFor } from './fetch.js';
import { launcherFor } from './launcher.js';

/** Of a library: what runs, what says how to find it, and its licence. */
const RUNS = ['.js', '.cjs', '.mjs', '.json', '.node'];
const isLicence = (name) => /^(?:licen[cs]e|notice|copying)/i.test(name);
const IDLE = /^(?:docs?|tests?|vendor|types|\.github|cnoke\.cjs|trampolines\.cjs)$/;
const isIdle = (name) => IDLE.test(name) || /\.d\.[cm]?ts$/.test(name);

function copyLibrary(from, to) {
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const { name } = entry;
    const [source, target] = [join(from, name), join(to, name)];
    if (entry.isDirectory() && name !== 'node_modules' && !isIdle(name)) copyLibrary(source, target);
    else if (entry.isFile() && (RUNS.includes(extname(name)) || isLicence(name)) && !isIdle(name))
      copyFile(source, target);
  }
}

function copyFile(from, to, mode = 0o644) {
  writeInto(to, readFileSync(from), mode);
}

export function writeInto(to, bytes, mode = 0o644) {
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(to, bytes, { mode });
}

/** The libraries that an installation has, by their places, from the lock file; those for other machines are not there. */
export function librariesOf(root) {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const places = Object.entries(packages).flatMap(([place, { dev }]) => (place === '' || dev ? [] : place));
  return places.filter((place) => existsSync(join(root, place)) && !place.includes('@koromix'));
}

function copyNative({ root, arch, machine }, home) {
  const name = `@koromix/koffi-linux-${arch}`;
  const from = koffiFor(root, arch);
  const to = join(home, 'node_modules', name);
  for (const file of ['index.js', 'package.json', `${machine.koffi}/koffi.node`])
    copyFile(join(from, file), join(to, file));
}

function copyProgram({ root, arch }, home) {
  cpSync(join(root, 'dist'), join(home, 'dist'), {
    recursive: true,
    filter: (path) => !/\.(?:deb|xz|ts)$|\/\.built$/.test(path),
  });
  const { name, version, type, license } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  writeInto(join(home, 'package.json'), `${JSON.stringify({ name, version, type, license }, null, 2)}\n`);
  copyFile(join(root, 'packaging/start.cjs'), join(home, 'start.cjs'));
  copyFile(join(nodeFor(root, arch), 'bin/node'), join(home, 'node'), 0o755);
}

const zipped = (path) => gzipSync(readFileSync(path), { level: 9 });

/** Where each shell looks for what it completes with. */
const COMPLETIONS = {
  bash: 'bash-completion/completions/procwatch',
  zsh: 'zsh/vendor-completions/_procwatch',
  fish: 'fish/vendor_completions.d/procwatch.fish',
};

async function layShared({ root }, share, bin) {
  const { completionScript } = await import('./completions.js');
  for (const [shell, place] of Object.entries(COMPLETIONS))
    writeInto(join(share, place), completionScript(root, shell));
  writeInto(join(share, 'man/man8/procwatch.8.gz'), zipped(join(root, 'man/procwatch.8')));
  for (const name of readdirSync(join(root, 'schema'))) {
    copyFile(join(root, 'schema', name), join(share, 'procwatch/schema', name));
  }
  const examples = join(share, 'doc/procwatch/examples');
  cpSync(join(root, 'examples'), examples, { recursive: true });
  const unit = readFileSync(join(root, 'examples/procwatch.service'), 'utf8');
  const installed = unit
    .replace('/usr/local/bin/procwatch', `${bin}/procwatch`)
    .replace(/^# Copy to .*\n/m, `# Not enabled by the package: systemctl enable --now procwatch\n`);
  return { installed };
}

/** All files as old as the last change: the same input gives the same package. */
function settle(folder, epoch) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) settle(path, epoch);
    else utimesSync(path, Number(epoch), Number(epoch));
  }
}

/**
 * @param folder the root of the tree
 * @param places `home`: where lib/procwatch will be, undefined if the launcher has to find out; `prefix`: before bin, lib and share
 */
export async function layTree(target, folder, { home, prefix }) {
  const { root, epoch } = target;
  const at = (path) => join(folder, prefix, path);
  const inside = at('lib/procwatch');
  copyProgram(target, inside);
  for (const place of librariesOf(root)) copyLibrary(join(root, place), join(inside, place));
  copyNative(target, inside);
  writeInto(at('bin/procwatch'), launcherFor(root, home), 0o755);
  const { installed } = await layShared(target, at('share'), `${prefix}/bin`);
  if (home !== undefined) writeInto(at('lib/systemd/system/procwatch.service'), installed);
  else {
    const doc = at('share/doc/procwatch');
    for (const name of ['README.md', 'CHANGELOG.md']) copyFile(join(root, name), join(doc, name));
    const { copyrightOf } = await import('./control.js');
    writeInto(join(doc, 'copyright'), copyrightOf(target, inside));
  }
  settle(folder, epoch);
}
