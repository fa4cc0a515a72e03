// Makes the code caches of a package, run by the package's own Node.js with the package's own flags: V8 refuses a cache that was made with
// others. First arg: its start.cjs; the rest is the command line of a run, after which the functions that it needed are
// compiled and go into the caches with the rest. Prints the names of what it wrote, as JSON.
const { createHash } = require('node:crypto');
const { readdirSync, readFileSync, writeFileSync } = require('node:fs');
const { basename, dirname, join } = require('node:path');

const [, , start, ...argv] = process.argv;
const { load, scripts } = require(start);

const dist = join(dirname(start), 'dist');

/** Parts that this run had no need of are compiled as far as reading them goes. */
function loadRest() {
  for (const name of readdirSync(dist).filter((one) => one.endsWith('.cjs'))) load(join(dist, name));
}

process.argv = [process.argv[0], start, ...argv];
process.on('exit', () => {
  loadRest();
  const names = {};
  for (const [path, script] of scripts) {
    const hash = createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 16);
    names[basename(path)] = `${basename(path, '.cjs')}-${hash}.cache`;
    writeFileSync(join(dirname(path), names[basename(path)]), script.createCachedData());
  }
  process.stdout.write(`${JSON.stringify(names)}\n`);
});
load(join(dist, 'cli.cjs'));
