// What a timeline is drawn with, beside the program: the page as one script and one style, in dist/page, and the writer of protobuf with
// what it stands on. Both hold libraries that nothing has to be installed for; their licences are in dist/page/LICENSES.txt. The
// command line loads all of it only when a timeline is wanted.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

/** The door to the timeline stays a module of its own, so that the one file of the command line does not grow by it. */
export const besideTheProgram = {
  name: 'beside the program',
  setup({ onResolve }) {
    onResolve({ filter: /\/timeline\/drawing\.ts$/ }, () => ({ path: './timeline/drawing.js', external: true }));
  },
};

const SETTINGS = { bundle: true, minify: true, metafile: true, legalComments: 'none', logLevel: 'warning' };

/** The packages that went into a bundle. */
function packagesIn({ inputs }) {
  const names = Object.keys(inputs).flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []);
  return [...new Set(names)];
}

function licenceOf(root, name) {
  const folder = `${root}node_modules/${name}`;
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  if (file === undefined) throw new Error(`${name} has no file with its licence`);
  const { version } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
  return `${name} ${version}\n\n${readFileSync(`${folder}/${file}`, 'utf8').trim()}\n`;
}

/** A script in a page ends where this stands, whatever it means to the script. */
function assertInline(path) {
  const text = readFileSync(path, 'utf8');
  if (/<\/script|<\/style|<!--/i.test(text)) throw new Error(`${path} cannot stand in a page`);
}

export async function buildPage(build, root) {
  const page = await build({
    ...SETTINGS,
    absWorkingDir: root,
    entryPoints: { timeline: 'src/timeline/page/page.ts', 'timeline-style': 'src/timeline/page/page.css' },
    outdir: 'dist/page',
    format: 'iife',
    platform: 'browser',
    target: ['chrome109', 'firefox115', 'safari16.4'],
    charset: 'utf8',
  });
  const writer = await build({
    ...SETTINGS,
    absWorkingDir: root,
    entryPoints: ['src/timeline/protobuf.ts'],
    outfile: 'dist/timeline/protobuf.js',
    format: 'esm',
    platform: 'node',
    target: 'node20',
  });
  assertInline(`${root}dist/page/timeline.js`);
  assertInline(`${root}dist/page/timeline-style.css`);
  const names = [...new Set([page, writer].flatMap(({ metafile }) => packagesIn(metafile)))].sort();
  const rule = `\n${'-'.repeat(72)}\n\n`;
  const intro = 'dist/page/timeline.js and dist/timeline/protobuf.js contain these libraries.\n';
  writeFileSync(`${root}dist/page/LICENSES.txt`, [intro, ...names.map((name) => licenceOf(root, name))].join(rule));
}
