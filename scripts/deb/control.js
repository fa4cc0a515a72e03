// What dpkg wants to know of the package, and whose every part of it is.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { nodeFor } from './fetch.js';
import { librariesOf, writeInto } from './tree.js';

/** The symbols that the binaries ask for are no younger than these. */
const DEPENDS = 'libc6 (>= 2.28), libstdc++6 (>= 6)';
const MAINTAINER = 'The procwatch authors <procwatch@example.invalid>';

function kibibytes(folder) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const sizes = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => statSync(join(parentPath, name)).size);
  return sizes.reduce((sum, size) => sum + Math.ceil(size / 1024), 0);
}

const control = ({ version, machine }, size) => `Package: procwatch
Version: ${version}
Architecture: ${machine.debian}
Maintainer: ${MAINTAINER}
Installed-Size: ${size}
Depends: ${DEPENDS}
Suggests: jq, nats-server
Section: admin
Priority: optional
Description: watch Linux process events live
 procwatch shows every process of a machine as it starts, runs a program and
 ends, as lines for people, JSON Lines for scripts, or a table. Arguments are
 captured inside the kernel, ends have the status that the parent gets, and
 what was lost is counted.
 .
 The package brings its own Node.js and needs no other.
`;

/** A licence as a field of the copyright file: indented, blank lines as dots. */
const asField = (text) =>
  text
    .trim()
    .split(/\r?\n/)
    .map((line) => (line.trim() === '' ? ' .' : ` ${line.trimEnd()}`))
    .join('\n');

function licenceIn(folder) {
  const name = readdirSync(folder).find((entry) => /^(?:licen[cs]e|copying)/i.test(entry));
  return name === undefined ? undefined : readFileSync(join(folder, name), 'utf8');
}

const copyrightLines = (text) => {
  const lines = text.split('\n').filter((line) => /copyright (?:\(c\)|©|\d)/i.test(line) && line.length < 200);
  return lines.slice(0, 5).map((line) => line.trim().replace(/^copyright\s*/i, '')) ?? [];
};

function stanza({ files, name, licence, id }) {
  const owners = copyrightLines(licence);
  const whose = owners.length === 0 ? ['as in the licence below'] : owners;
  return `Files: ${files}\nCopyright: ${whose.join('\n ')}\nLicense: ${id}\n${asField(licence)}\nComment: ${name}\n`;
}

/** @param home where lib/procwatch lies */
export function copyrightOf({ root, arch }, home) {
  const own = readFileSync(join(root, 'packaging/copyright.in'), 'utf8').trim();
  const base = home.slice(
    home.lastIndexOf('/usr/lib/') < 0 ? home.lastIndexOf('/lib/') + 1 : home.lastIndexOf('/usr/lib/') + 1,
  );
  const parts = librariesOf(root).flatMap((place) => {
    const { name, version, license } = JSON.parse(readFileSync(join(root, place, 'package.json'), 'utf8'));
    const licence = licenceIn(join(root, place)) ?? `${license}, as its package.json says.`;
    return {
      files: `${base}/${place}/*`,
      name: `${name} ${version}`,
      licence,
      id: `${license}-${name.replace(/[@/]/g, '-')}`,
    };
  });
  const page = join(root, 'dist/page/LICENSES.txt');
  if (existsSync(page)) {
    const licence = readFileSync(page, 'utf8');
    parts.push({
      files: `${base}/dist/page/*`,
      name: 'libraries of the page of a timeline',
      licence,
      id: 'various-page',
    });
  }
  const koffi = licenceIn(join(root, 'node_modules/koffi')) ?? '';
  parts.push({
    files: `${base}/node_modules/@koromix/*`,
    name: 'the native part of koffi',
    licence: koffi,
    id: 'MIT-koffi-native',
  });
  const node = readFileSync(join(nodeFor(root, arch), 'LICENSE'), 'utf8');
  parts.push({ files: `${base}/node`, name: 'Node.js', licence: node, id: 'MIT-and-others' });
  const mit = `License: MIT\n${asField(readFileSync(join(root, 'LICENSE'), 'utf8'))}\n`;
  return [`${own}\n`, ...parts.map(stanza), mit].join('\n');
}

/** `DEBIAN`, and what Debian wants to find below usr/share/doc. */
export function layControl(target, folder) {
  const { root, version, epoch } = target;
  const doc = join(folder, 'usr/share/doc/procwatch');
  writeInto(join(doc, 'copyright'), copyrightOf(target, join(folder, 'usr/lib/procwatch')));
  writeInto(join(doc, 'README.md.gz'), gzipSync(readFileSync(join(root, 'README.md')), { level: 9 }));
  const date = new Date(Number(epoch) * 1000).toUTCString().replace('GMT', '+0000');
  const entry = `procwatch (${version}) unstable; urgency=medium\n\n  * See CHANGELOG.md of procwatch.\n\n -- ${MAINTAINER}  ${date}\n`;
  writeInto(join(doc, 'changelog.gz'), gzipSync(entry, { level: 9 }));
  const overrides = readFileSync(join(root, 'packaging/lintian-overrides'));
  writeInto(join(folder, 'usr/share/lintian/overrides/procwatch'), overrides);
  writeInto(join(folder, 'DEBIAN/control'), control(target, kibibytes(folder)));
}
