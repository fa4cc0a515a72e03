// What the packages that bring their own Node.js start: the program's scripts, each with V8's code cache where one was made for it when the
// package was built. A cache is executed as it is, so it is only ever read from beside the script, which nobody but the owner of
// the package can write, and nothing is written at run time. One that V8 does not accept is passed over without a word.

// First of all, as in bin/procwatch.js: SIGUSR1 is to open no debugger.
process.on('SIGUSR1', () => {});
process._debugEnd?.();
setImmediate(() => process._debugEnd?.());

const { readFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { basename, dirname, join } = require('node:path');
const { constants, Script } = require('node:vm');

/** By the name of the script. The names of caches hold the script's hash: V8 itself compares no more than its length. */
const CACHES = {};

/** By path: whoever makes the caches asks them. */
const scripts = new Map();
const loaded = new Map();

function cacheOf(path) {
  const name = CACHES[basename(path)];
  return name === undefined ? undefined : readFileSync(join(dirname(path), name));
}

/** V8 was told its flags by the launcher. Told again they would make it refuse the caches that are read later. */
const TOLD = { setFlagsFromString() {} };

/** The scripts beside a script come with their caches too; all else is Node's to find. */
function requireFrom(path) {
  const nodes = createRequire(path);
  return (id) => {
    if (id === 'node:v8') return TOLD;
    return /^\.\.?\/.*\.cjs$/.test(id) ? load(join(dirname(path), id)) : nodes(id);
  };
}

function load(path) {
  const known = loaded.get(path);
  if (known !== undefined) return known.exports;
  const module = { exports: {} };
  loaded.set(path, module);
  const text = `(function (exports, require, module, __filename, __dirname) {${readFileSync(path, 'latin1')}\n})`;
  const script = new Script(text, {
    filename: path,
    cachedData: cacheOf(path),
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  scripts.set(path, script);
  script.runInThisContext()(module.exports, requireFrom(path), module, path, dirname(path));
  return module.exports;
}

module.exports = { load, scripts };
if (require.main === module) load(join(__dirname, 'dist/cli.cjs'));
