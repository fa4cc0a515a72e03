// The command line as a few files, each read when its part is needed: what subscribes, what watches, what looks pretty, and the rest.
// Node.js compiles what it reads, so a part that is not read costs nothing; and while the second is read the kernel queues events already.
//
// Each module has one home, the first part that reaches it without import(). Later parts take it from there, by names and not through an
// object of names, since that would cost every access; earlier ones reach it by import() alone.
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { besideTheProgram } from './build-page.js';

const PROGRAM = 'src/cli.ts';

/** File, and the modules that it is made for, in the order in which they are read. The last takes what is left. */
const PARTS = [
  { file: 'cli.cjs', entries: [PROGRAM, 'src/host/listening.ts'] },
  {
    file: 'cli-watch.cjs',
    entries: [
      'src/commands/watch.ts',
      'src/host/real-kernel.ts',
      'src/host/heap.ts',
      'src/linux/traces.ts',
      'src/linux/privileges.ts',
      'src/host/process-walk.ts',
      'src/bpf/fact-programs.ts',
      'src/bpf/cause-programs.ts',
      'src/format/json.ts',
    ],
  },
  { file: 'cli-pretty.cjs', entries: ['src/format/pretty.ts'] },
  { file: 'cli-rest.cjs', entries: [] },
];

/** Installed beside us: native code, or what few commands need. */
const EXTERNAL = ['koffi', 're2js', 'cli-table3', '@nats-io/*'];

const SETTINGS = {
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  external: EXTERNAL,
  minifySyntax: true,
  minifyWhitespace: true,
  logLevel: 'warning',
};

/**
 * koffi finds its native code by reading files for ten milliseconds; where it was installed is known. Anywhere else, and where the versions
 * differ, it finds it itself.
 */
const koffiByPath = (version) => `
function found() {
  for (const library of ['linux', 'musl']) {
    try {
      const native = require(\`@koromix/koffi-linux-\${process.arch}/\${library}_\${process.arch}/koffi.node\`);
      if (native.version === ${JSON.stringify(version)}) return native;
    } catch {}
  }
  return require('koffi');
}
module.exports = found();
`;

function koffiPlugin(root) {
  const { version } = JSON.parse(readFileSync(`${root}node_modules/koffi/package.json`, 'utf8'));
  return {
    name: 'koffi by path',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^koffi$/ }, ({ namespace }) =>
        namespace === 'koffi' ? undefined : { path: 'koffi', namespace: 'koffi' },
      );
      onLoad({ filter: /.*/, namespace: 'koffi' }, () => ({ contents: koffiByPath(version), resolveDir: root }));
    },
  };
}

const isStatic = ({ kind, external }) => kind !== 'dynamic-import' && !external;

/** What is evaluated with these modules. */
function closure(inputs, entries) {
  const reached = new Set();
  const visit = (path) => {
    if (reached.has(path)) return;
    reached.add(path);
    for (const one of inputs[path].imports.filter(isStatic)) visit(one.path);
  };
  for (const entry of entries) visit(entry);
  return reached;
}

/** Part by module, and the modules that are reached by import(). */
function homes(inputs) {
  const dynamic = Object.values(inputs).flatMap(({ imports }) =>
    imports.filter(({ kind, external }) => kind === 'dynamic-import' && !external).map(({ path }) => path),
  );
  const home = new Map();
  PARTS.forEach(({ entries }, part) => {
    const wanted = part < PARTS.length - 1 ? entries : dynamic;
    for (const path of closure(inputs, wanted)) if (!home.has(path)) home.set(path, part);
  });
  return { home, dynamic: new Set(dynamic) };
}

/** What a module of ours exports. */
async function namesOf(build, root, path) {
  const { metafile } = await build({
    ...SETTINGS,
    absWorkingDir: root,
    bundle: false,
    external: undefined,
    format: 'esm',
    entryPoints: [path],
    write: false,
    outdir: 'dist',
    metafile: true,
  });
  return Object.values(metafile.outputs)[0].exports;
}

/** Modules whose home is another part are taken from there. */
function otherParts(build, root, home, part) {
  const takes = (path) => `require('./${PARTS[home.get(path)].file}').modules[${JSON.stringify(path)}]()`;
  return {
    name: 'other parts',
    setup({ onResolve, onLoad, resolve }) {
      onResolve({ filter: /.*/ }, async (args) => {
        if (args.pluginData === 'asked' || args.kind === 'entry-point' || args.namespace === 'koffi') return undefined;
        const { importer, resolveDir, kind } = args;
        const found = await resolve(args.path, { importer, resolveDir, kind, namespace: 'file', pluginData: 'asked' });
        if (found.external || found.errors.length > 0) return undefined;
        const path = relative(root, found.path);
        if (!home.has(path) || home.get(path) === part) return undefined;
        const isEarlier = home.get(path) < part;
        if (!isEarlier && kind !== 'dynamic-import') throw new Error(`${importer} needs ${path} before its time`);
        return { path, namespace: isEarlier ? 'earlier' : 'later' };
      });
      onLoad({ filter: /.*/, namespace: 'later' }, ({ path }) => ({ contents: `module.exports = ${takes(path)};` }));
      onLoad({ filter: /.*/, namespace: 'earlier' }, async ({ path }) => {
        // A library in CommonJS is taken as it is.
        if (!path.startsWith('src/')) return { contents: `module.exports = ${takes(path)};` };
        const names = await namesOf(build, root, path);
        return { contents: `const { ${names.join(', ')} } = ${takes(path)};\nexport { ${names.join(', ')} };` };
      });
    },
  };
}

/** The modules of a part that others ask for; what the first part is for happens by itself. */
function entryOf(part, inputs, { home, dynamic }) {
  const own = [...home].filter(([, of]) => of === part).map(([path]) => path);
  const isAskedFor = (path) =>
    dynamic.has(path) ||
    Object.entries(inputs).some(
      ([from, { imports }]) => home.get(from) !== part && imports.some((one) => isStatic(one) && one.path === path),
    );
  const rows = own
    .filter((path) => isAskedFor(path))
    .map((path) => `${JSON.stringify(path)}: () => require(${JSON.stringify(`./${path}`)})`);
  const begin = part === 0 ? `require('./${PROGRAM}');` : '';
  return `module.exports.modules = { ${rows.join(',\n')} };\n${begin}`;
}

export async function buildProgram(build, root) {
  const plugins = [besideTheProgram, koffiPlugin(root)];
  const whole = await build({
    ...SETTINGS,
    absWorkingDir: root,
    entryPoints: [PROGRAM],
    outfile: 'dist/cli.cjs',
    plugins,
    write: false,
    metafile: true,
  });
  const { inputs } = whole.metafile;
  const split = homes(inputs);
  await Promise.all(
    PARTS.map(({ file }, part) =>
      build({
        ...SETTINGS,
        absWorkingDir: root,
        stdin: { contents: entryOf(part, inputs, split), resolveDir: root, sourcefile: `part-${part}.cjs` },
        outfile: `dist/${file}`,
        external: [...EXTERNAL, ...PARTS.map((other) => `./${other.file}`)],
        plugins: [...plugins, otherParts(build, root, split.home, part)],
      }),
    ),
  );
}
