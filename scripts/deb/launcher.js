// /usr/bin/procwatch of a package: the shell's part of bin/procwatch.js, which becomes the package's own Node.js. That one is root's
// where procwatch is, so it takes no orders from variables that act before the program's first line.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What Node.js reads of the environment at its start and executes, or loses time with. A command of `run` still gets them. */
const ORDERS = [
  'NODE_OPTIONS',
  'NODE_PATH',
  'NODE_COMPILE_CACHE',
  'NODE_EXTRA_CA_CERTS',
  'NODE_CHANNEL_FD',
  'NODE_V8_COVERAGE',
];

const BEGIN = "':' /*\n";
const END = '*/\n';
const BECOMES = 'exec node "$0" "$@"\n';

/** V8 hears its flags best at the start, so the program's own are given there. */
export function flagsOf(root) {
  const texts = readdirSync(join(root, 'dist'))
    .filter((name) => name.endsWith('.cjs'))
    .map((name) => readFileSync(join(root, 'dist', name), 'latin1'));
  return texts.flatMap((text) => [...text.matchAll(/setFlagsFromString\)?\("([^"]+)"\)/g)].map(([, flag]) => flag));
}

/** The tarball may lie anywhere, and be called through a link. */
const FOUND = `pw_self=$(readlink -f -- "$0")
pw_home=\${pw_self%/bin/*}/lib/procwatch
`;

/** @param home where it will be installed; undefined if that is found out at the start */
export function launcherFor(root, home) {
  const text = readFileSync(join(root, 'bin/procwatch.js'), 'utf8');
  const shell = text.slice(text.indexOf(BEGIN) + BEGIN.length, text.indexOf(END));
  if (!shell.endsWith(BECOMES)) throw new Error(`bin/procwatch.js does not become Node.js by ${BECOMES}`);
  const start = [
    home === undefined ? FOUND : `pw_home=${home}\n`,
    `unset ${ORDERS.join(' ')}\n`,
    `exec "$pw_home/node" ${flagsOf(root).join(' ')} "$pw_home/start.cjs" "$@"\n`,
  ];
  return `#!/bin/sh\n${shell.slice(0, -BECOMES.length)}${start.join('')}`;
}
