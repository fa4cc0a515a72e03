/** Program and directory as the kernel's programs walk to them: in every odd place what /proc says of it, and nothing wrong under renames. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { openFactPrograms } from '../../src/bpf/fact-programs.ts';
import { WALK } from '../../src/bpf/fact-record.ts';
import type { WalkForm } from '../../src/bpf/path-walk.ts';
import type { Image, PathMissing } from '../../src/process/image.ts';
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
const TOO_LONG: Readonly<Record<string, (folder: string, link: Link) => string | undefined>> = {
  'a path longer than /proc can tell': (folder, link) => {
    const cwd = `${folder}/t${`/${'n'.repeat(255)}`.repeat(17)}`;
    return link === 'exe' ? `${cwd}/prog` : cwd;
  },
  'a path longer than a record can hold': () => undefined,
};

type Link = (typeof LINKS)[number];

const said = (pid: number, link: Link): Buffer => readlinkSync(`/proc/${pid}/${link}`, 'buffer');

const MARK = ' (deleted)';
const NAMED_SO = 'names that only sound deleted';
/** Moved out of their mounts: /proc says that they are the root, which they are not. */
const OUTSIDE: Readonly<Record<Link, RegExp>> = {
  exe: /^a program moved out of its bind mount/,
  cwd: /^a folder moved out of its bind mount/,
};

interface Truth {
  readonly path: Text | undefined;
  readonly isDeleted: boolean;
}

/** What /proc says, the mark of a deleted file apart; or what is there, where that is more than it can say. */
function truth({ name, folder, pid }: Inhabitant, link: Link): Truth {
  const beyond = TOO_LONG[name];
  if (beyond !== undefined) {
    assert.throws(() => said(pid, link), /ENAMETOOLONG/);
    return { path: beyond(folder, link), isDeleted: false };
  }
  if (OUTSIDE[link].test(name)) return { path: undefined, isDeleted: false };
  const path = said(pid, link);
  const isDeleted = path.toString('latin1').endsWith(MARK) && name !== NAMED_SO;
  return { path: textOf(isDeleted ? path.subarray(0, -MARK.length) : path), isDeleted };
}

const lettersOf = (text: Text): string => (typeof text === 'string' ? text : text.text);
const namesIn = (path: Text | undefined): number => (path === undefined ? 0 : lettersOf(path).split('/').length - 1);

/** The truth, as far as this form of the walk can get to it. */
function reachable(visited: Visited, link: Link, walk: WalkForm): Truth {
  const found = truth(visited, link);
  return walk === 'read' && namesIn(found.path) > MOST_READ ? { path: undefined, isDeleted: false } : found;
}

/** Why a path is not known. */
function missing({ name }: Visited, link: Link, walk: WalkForm): PathMissing {
  if (OUTSIDE[link].test(name)) return 'unreachable';
  return walk === 'typed' ? 'too long' : 'too deep';
}

function assertTruth(all: readonly Visited[], walk: WalkForm): void {
  for (const visited of all) {
    for (const link of LINKS) {
      const image: Image = visited.fact.image ?? {};
      const { path, isDeleted } = reachable(visited, link, walk);
      assert.deepEqual(
        { path: image[link], isDeleted: image[`${link}Deleted`] ?? false, missing: image[`${link}Missing`] },
        { path, isDeleted, missing: path === undefined ? missing(visited, link, walk) : undefined },
        `${link} of ${visited.name}`,
      );
    }
  }
}

/** Who looks from inside of the mount namespace is shown the same. */
function assertSameInside(all: readonly Visited[]): void {
  for (const one of all) {
    if (one.name in TOO_LONG) continue;
    const outside = { exe: textOf(said(one.pid, 'exe')), cwd: textOf(said(one.pid, 'cwd')) };
    assert.deepEqual(one.inside, outside, one.name);
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
      const names = unknown.map(({ name }) => name);
      assert.deepEqual(
        names.filter((name) => !/moved out of its bind mount/.test(name)),
        walk === 'typed' ? deep.slice(3) : deep,
      );
      assert.equal(names.length, (walk === 'typed' ? 1 : 4) + 4);
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
