/** Where the figures come from: the machine, its load, and the versions of everything that was measured. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { arch, cpus, loadavg, release, totalmem } from 'node:os';
import { VERSION } from '../src/version.ts';

function said(command: string, ...args: string[]): string {
  const { stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  return error === undefined ? `${stdout}${stderr}`.trim() : '';
}

function packageVersion(name: string): string {
  return /^Version: (.*)$/m.exec(said('dpkg', '-s', name))?.[1] ?? 'unknown';
}

function installed(command: string, packageName = command): string {
  return said('sh', '-c', `command -v ${command}`) === '' ? 'not installed' : packageVersion(packageName);
}

export const loadNow = (): string =>
  loadavg()
    .map((load) => load.toFixed(2))
    .join(' ');

export function machineFacts(): [string, string][] {
  const system = /^PRETTY_NAME="?(.*?)"?$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'unknown';
  const [{ model }] = cpus();
  return [
    ['date', new Date().toISOString().slice(0, 16).replace('T', ' ')],
    ['machine', `${cpus().length} × ${model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${arch()}`],
    ['system', `${system}, Linux ${release().replace(/-.*/, '')}`],
    ['user', process.getuid?.() === 0 ? 'root' : `uid ${process.getuid?.()}`],
    ['procwatch', VERSION],
    ['node', process.version],
    ['forkstat', installed('forkstat')],
    ['extrace', installed('extrace')],
    ['execsnoop', installed('execsnoop', 'libbpf-tools')],
    ['gcc', said('gcc', '-dumpfullversion')],
  ];
}
