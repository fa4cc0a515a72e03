#!/usr/bin/env node
// The launcher: the built program where there is one, the sources through tsx in a checkout. A CommonJS file, like the one it starts:
// that saves Node the start of its module loader.
const { existsSync } = require('node:fs');
const { join } = require('node:path');

const built = join(__dirname, '../dist/cli.cjs');
if (existsSync(built)) {
  require(built);
} else {
  import('tsx/esm/api').then(({ register }) => {
    register();
    return import('../src/cli.ts');
  });
}
