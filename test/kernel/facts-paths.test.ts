/** Program and directory as the kernel's programs walk to them: in every odd place what /proc says of it, and nothing wrong under renames. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { openFactPrograms } from '../../src/bpf/fact-programs.ts';
import { STATE_MASK, WALK } from '../../src/bpf/fact-record.ts';
import type { WalkForm } from '../../src/bpf/path-walk.ts';
import { type Text, textOf } from '../../src/process/text.ts';
import { compiled } from '../bpf/execs.ts';
import { collecting, eventually, type Fact, factFrom } from '../support/fact-records.ts';
import { scratch } from './support/fixtures.ts';
import { register } from './support/leftovers.ts';
import { kernelTest } from './support/requirements.ts';

const NEEDS = ['root', 'compiler'] as const;
const FORMS: readonly WalkForm[] = ['typed', 'read'];
/** Names and mounts that the form `read` may take. */
const MOST_READ = 31;

function opened(walk: WalkForm) {
  const wishes = { births: false, execs: true, ends: 'none', onlyFailures: false, args: 'with' } as const;
  const result = openFactPrograms({ ...wishes, wakes: 'others read' }, { walk });
  if ('reason' in result) throw new Error(result.reason);
  return result.programs;
}

const built = new Map<string, string>();

/** A program of test/bpf/fixtures, compiled when first asked for. */
function fixture(name: 'places' | 'renames'): string {
  const known = built.get(name);
  if (known !== undefined) return known;
  const program = join(scratch(), name);
  const source = fileURLToPath(new URL(`../bpf/fixtures/${name}.c`, import.meta.url));
  execFileSync('gcc', ['-O1', '-Wall', '-Wextra', '-Werror', '-pthread', '-static', '-o', program, source]);
  built.set(name, program);
  return program;
}

/** A process in its place, as the fixture tells it. */
interface Inhabitant {
  readonly name: string;
  readonly folder: string;
  readonly pid: number;
  /** What the fixture sees in /proc, inside of its own mount namespace. */
  readonly inside: { readonly exe: Text; readonly cwd: Text };
}

const FIELDS = 6;

function inhabitants(output: Buffer): Inhabitant[] {
  const fields = output.toString('latin1').split('\0');
  fields.pop();
  assert.equal(fields.length % FIELDS, 0);
  return Array.from({ length: fields.length / FIELDS }, (_, i) => {
    const [name, folder, pid, failure, exe, cwd] = fields.slice(i * FIELDS, (i + 1) * FIELDS);
    assert.equal(failure, '', name);
    const text = (letters: string): Text => textOf(Buffer.from(letters, 'latin1'));
    return { name, folder, pid: Number(pid), inside: { exe: text(exe), cwd: text(cwd) } };
  });
}

/** Runs the fixture, and looks at those who live in its places while they do. */
async function visiting<T>(walk: WalkForm, which: 'odd' | 'overlayfs', visit: (all: Visited[]) => T): Promise<T> {
  const directory = join(scratch(), `places-${walk}-${which}`);
  mkdirSync(directory);
  const program = fixture('places');
  const programs = opened(walk);
  const scene = register(spawn(program, [directory, which], { stdio: ['pipe', 'pipe', 'inherit'] }));
  const ended = once(scene, 'close');
  try {
    const all = inhabitants(await buffer(scene.stdout));
    const facts: Fact[] = [];
    const told = new Map<number, Fact[]>();
    // The last of them may still be on its way into its program.
    await eventually('each of them has executed', () => {
      facts.push(...programs.drain().map(factFrom));
      for (const { pid } of all)
        told.set(
          pid,
          facts.filter(({ tgid }) => tgid === pid),
        );
      return all.every(({ pid }) => (told.get(pid)?.length ?? 0) > 0);
    });
    assert.equal(programs.takeLost(), 0);
    return visit(
      all.map((one) => {
        const [fact, ...others] = told.get(one.pid) ?? [];
        assert.deepEqual(others, [], one.name);
        return { ...one, fact };
      }),
    );
  } finally {
    programs.close();
    scene.stdin.end();
    await ended;
  }
}

type Visited = Inhabitant & { readonly fact: Fact };

const LINKS = ['exe', 'cwd'] as const;

/** Longer than /proc tells, or than a record holds. */
const TOO_LONG: Readonly<Record<string, (folder: string, link: (typeof LINKS)[number]) => string | undefined>> = {
  'a path longer than /proc can tell': (folder, link) => {
    const cwd = `${folder}/t${`/${'n'.repeat(255)}`.repeat(17)}`;
    return link === 'exe' ? `${cwd}/prog` : cwd;
  },
  'a path longer than a record can hold': () => undefined,
};

/** What /proc says; or what is there, where that is more than it can say. */
function truth({ name, folder, pid }: Inhabitant, link: (typeof LINKS)[number]): Text | undefined {
  const beyond = TOO_LONG[name];
  const read = (): Buffer => readlinkSync(`/proc/${pid}/${link}`, 'buffer');
  if (beyond === undefined) return textOf(read());
  assert.throws(read, /ENAMETOOLONG/);
  return beyond(folder, link);
}

const lettersOf = (text: Text): string => (typeof text === 'string' ? text : text.text);
const namesIn = (path: Text | undefined): number => (path === undefined ? 0 : lettersOf(path).split('/').length - 1);

/** The truth, as far as this form of the walk can get to it. */
function reachable(visited: Visited, link: (typeof LINKS)[number], walk: WalkForm): Text | undefined {
  const path = truth(visited, link);
  return walk === 'read' && namesIn(path) > MOST_READ ? undefined : path;
}

const KNOWN: readonly number[] = [WALK.complete, WALK.pseudo, WALK.escaped];
/** Why a path is not known. */
const UNKNOWN: Readonly<Record<WalkForm, number>> = { typed: WALK.tooLong, read: WALK.tooDeep };

function assertTruth(all: readonly Visited[], walk: WalkForm): void {
  const table = (of: (visited: Visited) => unknown) => Object.fromEntries(all.map((one) => [one.name, of(one)]));
  assert.deepEqual(
    table(({ fact: { image } }) => ({ exe: image?.exe, cwd: image?.cwd })),
    table((one) => ({ exe: reachable(one, 'exe', walk), cwd: reachable(one, 'cwd', walk) })),
  );
  for (const { name, fact } of all) {
    for (const link of LINKS) {
      const state = (fact[`${link}State`] ?? WALK.none) & STATE_MASK;
      const isKnown = fact.image?.[link] !== undefined;
      assert.ok(isKnown ? KNOWN.includes(state) : state === UNKNOWN[walk], `${name}: ${link} has state ${state}`);
    }
  }
}

/** Who looks from inside of the mount namespace is shown the same. */
function assertSameInside(all: readonly Visited[]): void {
  for (const one of all) {
    if (one.name in TOO_LONG) continue;
    assert.deepEqual(one.inside, { exe: truth(one, 'exe'), cwd: truth(one, 'cwd') }, one.name);
  }
}

for (const walk of FORMS) {
  kernelTest(`exe and cwd in every odd place, by the walk '${walk}', are those that /proc shows`, NEEDS, async () => {
    await visiting(walk, 'odd', (all) => {
      assert.ok(all.length >= 55, `${all.length} places`);
      assertTruth(all, walk);
      assertSameInside(all);
      const unknown = all.filter(({ fact: { image } }) => image?.exe === undefined || image.cwd === undefined);
      const deep = ['30 folders deep', '100 folders deep', '300 folders deep', 'a path longer than a record can hold'];
      assert.deepEqual(
        unknown.map(({ name }) => name),
        walk === 'typed' ? deep.slice(3) : deep,
      );
    });
  });

  kernelTest(`exe and cwd in overlayfs, by the walk '${walk}', are those that /proc shows`, NEEDS, async (t) => {
    if (!/^nodev\toverlay$/m.test(readFileSync('/proc/filesystems', 'latin1'))) {
      if (process.env.PROCWATCH_REQUIRE_KERNEL === '1') throw new Error('no overlayfs in this kernel');
      return t.skip('no overlayfs in this kernel');
    }
    await visiting(walk, 'overlayfs', (all) => {
      assert.equal(all.length, 2);
      assertTruth(all, walk);
    });
  });
}

const COUNT = 4000;
/** Some lie in the dentry itself, some outside of it; none has the length of another. */
const NAMES = ['a'.repeat(4), 'b'.repeat(37), 'c'.repeat(120), 'd'.repeat(180)];

for (const walk of FORMS) {
  kernelTest(
    `${COUNT} execs in a folder that is renamed all the time, by the walk '${walk}': no path is wrong, a torn one is unknown`,
    NEEDS,
    async () => {
      const directory = join(realpathSync(scratch()), `renames-${walk}`);
      mkdirSync(join(directory, NAMES[0]), { recursive: true });
      copyFileSync(compiled().target, join(directory, NAMES[0], 'prog'));
      const program = fixture('renames');
      const { result, facts, lost } = await collecting(opened(walk), async () => {
        const child = register(spawn(program, [directory, String(COUNT), ...NAMES], { stdio: 'inherit' }));
        const [code] = await once(child, 'close');
        return { pid: child.pid, code };
      });
      assert.deepEqual([result.code, lost], [0, 0]);
      const mine = facts.filter(({ ppid, comm }) => ppid === result.pid && comm !== 'renames');
      assert.equal(mine.length, COUNT);
      const folders = NAMES.map((name) => join(directory, name));
      assertNoneWrong(
        mine.map(({ exeState, image }) => [exeState, image?.exe]),
        folders.map((folder) => join(folder, 'prog')),
      );
      assertNoneWrong(
        mine.map(({ cwdState, image }) => [cwdState, image?.cwd]),
        folders,
      );
    },
  );
}

/** Each path is one that was there, or torn and untold; and the storm was one. */
function assertNoneWrong(
  paths: readonly (readonly [number | undefined, Text | undefined])[],
  right: readonly string[],
): void {
  const seen = new Map<Text | undefined, number>();
  for (const [state, path] of paths) {
    assert.equal(state, path === undefined ? WALK.torn : WALK.complete, `${path}`);
    seen.set(path, (seen.get(path) ?? 0) + 1);
  }
  const torn = seen.get(undefined) ?? 0;
  seen.delete(undefined);
  assert.deepEqual([...seen.keys()].sort(), [...right].sort());
  assert.ok(torn < paths.length / 2, `${torn} of ${paths.length} are torn`);
}
