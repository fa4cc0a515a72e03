// Builds dist/: the modules and types that programs import, and the command line as one file. Node starts that file in half the
// time that the modules take: there is one to find and read instead of ninety. What has native code, or is needed by few
// commands, stays outside of it.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

rmSync(`${root}dist`, { recursive: true, force: true });
const tsc = ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'];
const { status } = spawnSync(process.execPath, tsc, { cwd: root, stdio: ['ignore', process.stderr, process.stderr] });
if (status !== 0) process.exit(status ?? 1);

const { build } = await import('esbuild');
const { buildPage, besideTheProgram } = await import('./build-page.js');
await buildPage(build, root);
await build({
  absWorkingDir: root,
  entryPoints: ['src/cli.ts'],
  outfile: 'dist/cli.cjs',
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  external: ['koffi', 're2js', 'cli-table3', '@nats-io/*'],
  plugins: [besideTheProgram],
  minifySyntax: true,
  minifyWhitespace: true,
  logLevel: 'warning',
});
