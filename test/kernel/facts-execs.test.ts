/** What the programs in the kernel tell of execs: every one, byte for byte, and what happens where they cannot be had. */
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Btf } from '../../src/bpf/btf.ts';
import { type FactOptions, openFactPrograms } from '../../src/bpf/fact-programs.ts';
import { ARGS_LIMIT, WALK } from '../../src/bpf/fact-record.ts';
import { KERNEL_TYPES } from '../../src/bpf/kernel-types.ts';
import { KernelFacts } from '../../src/facts/kernel-facts.ts';
import { kernel } from '../../src/host/real-kernel.ts';
import type { EventOf, WireKind } from '../../src/netlink/events.ts';
import type { Scope } from '../../src/netlink/filter.ts';
import { EventSource } from '../../src/netlink/source.ts';
import { Subscription } from '../../src/netlink/subscribe.ts';
import type { FactWishes } from '../../src/process/fact-wishes.ts';
import type { ProcReader } from '../../src/process/proc-reader.ts';
import { compiled, execs, targetNamed } from '../bpf/execs.ts';
import { collecting, type Fact, factFrom } from '../support/fact-records.ts';
import { scratch } from './support/fixtures.ts';
import { kernelTest } from './support/requirements.ts';

const NEEDS = ['root', 'compiler'] as const;
const CONNECTED = [...NEEDS, 'connector'] as const;

const EXECS: FactWishes = {
  births: false,
  execs: true,
  ends: 'none',
  onlyFailures: false,
  args: 'with',
  wakes: 'others read',
};

function opened(options?: FactOptions, wishes: Partial<FactWishes> = {}) {
  const result = openFactPrograms({ ...EXECS, ...wishes }, options);
  if ('reason' in result) throw new Error(result.reason);
  return result.programs;
}

function reasonFor(options: FactOptions): string {
  const result = openFactPrograms(EXECS, options);
  if ('reason' in result) return result.reason;
  result.programs.close();
  return assert.fail('they could be opened');
}

/** All records of what happened during the task. */
const telling = <T>(task: () => Promise<T> | T, options?: FactOptions, wishes?: Partial<FactWishes>) =>
  collecting(opened(options, wishes), task);

/** The arguments of the fixture's storm, by index. */
const stormArgs = (tag: string, index: number): string[] => ['target', tag, String(index), 'x'.repeat(index % 300), ''];

const pairs = (output: string): number[][] =>
  output
    .trim()
    .split('\n')
    .map((line) => line.split(' ').map(Number));

const COUNT = 4000;

/** What a record tells of the storm's execs. */
const stormFact = ({ tgid, comm, parentComm, image }: Fact) => ({
  pid: tgid,
  args: image?.args ?? [],
  exe: image?.exe,
  cwd: image?.cwd,
  comm,
  parentComm,
});

for (const parallel of [2, 4]) {
  kernelTest(
    `${COUNT} short execs, ${parallel} in parallel: each once, under its pid, with its own arguments, its parent's name and both paths`,
    NEEDS,
    async () => {
      const tag = `storm-${parallel}-${process.pid}`;
      const { result, facts, lost } = await telling(() => execs('storm', COUNT, parallel, tag));
      assert.equal(lost, 0);
      assert.ok(facts.every(({ kind }) => kind === 'exec'));
      const mine = facts.filter(({ image }) => image?.args?.[0] === 'target' && image.args[1] === tag);
      const [exe, cwd] = [realpathSync(compiled().target), process.cwd()];
      const expected = pairs(result.output).map(([pid, index]) => ({
        pid,
        args: stormArgs(tag, index),
        exe,
        cwd,
        comm: 'target',
        parentComm: 'execs',
      }));
      const byIndex = (a: { args: readonly unknown[] }, b: { args: readonly unknown[] }): number =>
        Number(a.args[2]) - Number(b.args[2]);
      assert.deepEqual(mine.map(stormFact).sort(byIndex), expected.sort(byIndex));
      assert.equal(mine.length, COUNT);
    },
  );

  kernelTest(
    `${COUNT} EXEC events, ${parallel} in parallel, read every 20 ms: each finds its arguments and paths without /proc`,
    CONNECTED,
    async () => {
      const tag = `joined-${parallel}-${process.pid}`;
      const joined = await Joined.begin();
      const found = new Map<number, unknown>();
      const drain = (): void =>
        joined.drain((event, told) => {
          if (told?.image.args?.[1] !== tag) return;
          const { args, exe, cwd } = told.image;
          found.set(event.tgid, { args, exe, cwd, parentComm: told.parentComm, ppid: told.ppid });
        });
      const timer = setInterval(drain, 20);
      try {
        const { output, pid: ppid } = await execs('storm', COUNT, parallel, tag);
        await sleep(50);
        drain();
        const told = { exe: realpathSync(compiled().target), cwd: process.cwd(), parentComm: 'execs', ppid };
        const expected = pairs(output).map(([pid, index]) => [pid, { args: stormArgs(tag, index), ...told }] as const);
        assert.deepEqual(found, new Map<number, unknown>(expected));
        assert.deepEqual(joined.asked, []);
        assert.equal(joined.facts.takeLost(), 0);
      } finally {
        clearInterval(timer);
        joined.close();
      }
    },
  );
}

/** Events of the connector with what the kernel's programs tell of them, and a reader of /proc that notes down whoever asks it. */
class Joined {
  readonly facts: KernelFacts;
  /** What was asked of the reader. */
  readonly asked: string[] = [];
  private readonly subscription: Subscription;
  private readonly events: EventSource;

  private constructor(subscription: Subscription, events: EventSource, open: (reader: ProcReader) => KernelFacts) {
    this.subscription = subscription;
    this.events = events;
    this.facts = open(
      new Proxy(kernel.reader, {
        get: (reader, name: keyof ProcReader) => {
          this.asked.push(name);
          return reader[name];
        },
      }),
    );
  }

  static async begin(): Promise<Joined> {
    const hearing = { scopes: new Map<WireKind, Scope>([['exec', 'leaders']]), onlyFailures: false };
    const subscription = new Subscription({
      open: kernel.openConnector,
      hearing,
      bufferBytes: 16 * 1024 * 1024,
      random: () => 7,
      circumstances: () => kernel.circumstances(),
    });
    const events = new EventSource(subscription, hearing);
    const source = await kernel.openFacts(EXECS);
    if ('reason' in source) throw new Error(source.reason);
    // Events from before the programs were there have no record.
    events.drain();
    const acquaintance = { startOf: () => undefined, bootOffset: () => kernel.clocks().bootOffset };
    const options = { ...acquaintance, now: () => kernel.clocks().monotonic, hearsThreads: false };
    return new Joined(subscription, events, (reader) => new KernelFacts(source, { ...options, reader }));
  }

  drain(take: (event: EventOf<'exec'>, told: Exclude<ReturnType<KernelFacts['executed']>, 'unread'>) => void): void {
    for (let more = true; more; ) {
      const at = kernel.clocks().monotonic;
      const { events, lost, full } = this.events.drain();
      assert.equal(lost, 0);
      this.facts.attend({ events, at, full });
      for (const event of events) if (event.kind === 'exec') take(event, this.facts.executed(event));
      this.facts.rest();
      more = full;
    }
  }

  close(): void {
    this.facts.close();
    this.subscription.close();
  }
}

/** The records of one process from the one of the fixture itself on. */
async function factsOf(mode: string, ...args: (string | number)[]): Promise<Fact[]> {
  const { result, facts } = await telling(() => execs(mode, ...args));
  return facts.filter(({ tgid }) => tgid === result.pid);
}

const imageOf = async (mode: string, ...args: (string | number)[]) => (await factsOf(mode, ...args)).at(-1)?.image;

const filled = (bytes: number): string =>
  Array.from({ length: bytes }, (_, i) => String.fromCharCode(97 + (i % 26))).join('');

kernelTest('who and which file: pids, users, start, names, path and inode', NEEDS, async () => {
  const { target } = compiled();
  const before = kernel.clocks().monotonic.seconds;
  const [own, fact, ...others] = await factsOf('one', 10);
  const image = fact.image ?? assert.fail('not whole');
  const file = statSync(target, { bigint: true });
  assert.deepEqual(others, []);
  assert.deepEqual([fact.kind, fact.ppid, fact.tid, image.path], ['exec', process.pid, fact.tgid, target]);
  assert.deepEqual([fact.realUid, fact.effectiveUid, image.uid, fact.comm, image.comm], [0, 0, 0, 'target', 'target']);
  assert.equal(fact.parentComm, readFileSync('/proc/self/comm', 'utf8').trimEnd());
  assert.deepEqual(image.args, ['one', filled(10)]);
  assert.equal(image.file?.inode, Number(file.ino));
  const [major, minor] = execFileSync('stat', ['-c', '%Hd:%Ld', target], { encoding: 'latin1' }).trim().split(':');
  assert.equal(image.file?.device, `${major}:${minor}`);
  assert.deepEqual(own.start, fact.start);
  assert.ok(fact.at.seconds >= before && fact.at.seconds <= kernel.clocks().monotonic.seconds);
});

kernelTest('the control group is the one of the unified hierarchy', NEEDS, async (t) => {
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  const mounted = mounts.map((line) => line.split(' ')).find(([, , type]) => type === 'cgroup2');
  const path = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1];
  if (mounted === undefined || path === undefined) {
    const lack = 'no unified hierarchy of control groups is mounted';
    if (process.env.PROCWATCH_REQUIRE_KERNEL === '1') throw new Error(lack);
    return t.skip(lack);
  }
  const [fact] = await factsOf('one', 1);
  assert.equal(fact.cgroup, statSync(join(mounted[1], path), { bigint: true }).ino);
});

kernelTest('the user of a set-user-id program is the one it runs as', NEEDS, async () => {
  const program = targetNamed('set-user-id');
  execFileSync('chown', ['65534', program]);
  chmodSync(program, 0o4755);
  const { facts } = await telling(() => spawnSync(program));
  const fact = facts.find(({ image }) => image?.path === program);
  assert.deepEqual([fact?.realUid, fact?.effectiveUid], [0, 65534]);
});

kernelTest('an argument of 100 KiB: cut at the limit, with its true length', NEEDS, async () => {
  const image = await imageOf('one', 102_400);
  assert.equal(image?.argsTotal, 'one'.length + 1 + 102_400 + 1);
  assert.deepEqual(image?.args, ['one', filled(ARGS_LIMIT - 4)]);
  assert.equal(image?.path, compiled().target);
  assert.deepEqual([image?.exe, image?.cwd], [realpathSync(compiled().target), process.cwd()]);
});

kernelTest('one byte less than the limit is whole', NEEDS, async () => {
  const image = await imageOf('one', ARGS_LIMIT - 'one'.length - 2);
  assert.equal(image?.argsTotal, undefined);
  assert.equal(image?.args?.[1], filled(ARGS_LIMIT - 5));
});

kernelTest('10,001 arguments and 1.5 MB of arguments: the true length, the first of them', NEEDS, async () => {
  const many = await imageOf('many', 10_001);
  const numbers = Array.from({ length: 10_001 }, (_, i) => String(i));
  assert.equal(many?.argsTotal, numbers.join(' ').length + 1);
  const whole = many?.args?.slice(0, -1) ?? [];
  assert.ok(whole.length > 6000);
  assert.deepEqual(whole, numbers.slice(0, whole.length));
  const wide = await imageOf('wide', 16, 100_000);
  assert.equal(wide?.argsTotal, 16 * 100_001);
  assert.deepEqual(wide?.args, [filled(ARGS_LIMIT)]);
});

kernelTest('no argument at all: the kernel gives the program an empty one', NEEDS, async () => {
  assert.deepEqual((await imageOf('empty'))?.args, ['']);
});

kernelTest('arguments are bytes', NEEDS, async () => {
  assert.deepEqual((await imageOf('odd'))?.args, [
    '',
    { text: '\ufffd\ufffd', bytes: Uint8Array.of(0xff, 0xfe) },
    'a\nb',
    '\x1b[31m',
    'ä',
    '',
  ]);
});

kernelTest('a script runs its interpreter; the path is the script', NEEDS, async () => {
  const script = join(scratch(), 'scr.sh');
  writeFileSync(script, '#!/bin/sh -e\nexit 0\n', { mode: 0o755 });
  const { facts } = await telling(() => spawnSync('./scr.sh', ['one'], { cwd: scratch() }));
  const image = facts.find((fact) => fact.image?.path === './scr.sh')?.image;
  assert.deepEqual(image?.args, ['/bin/sh', '-e', './scr.sh', 'one']);
  assert.equal(image?.comm, 'scr.sh');
  assert.deepEqual([image?.exe, image?.cwd], [realpathSync('/bin/sh'), realpathSync(scratch())]);
  assert.equal(image?.file?.inode, Number(statSync('/bin/sh', { bigint: true }).ino));
});

kernelTest('execveat of a descriptor: the path says so, exe and inode tell which file', NEEDS, async () => {
  const image = await imageOf('byfd');
  assert.match(String(image?.path), /^\/dev\/fd\/\d+$/);
  assert.deepEqual(image?.args, ['byfd']);
  assert.equal(image?.exe, realpathSync(compiled().target));
  assert.equal(image?.file?.inode, Number(statSync(compiled().target, { bigint: true }).ino));
});

kernelTest('a chain in one process: one record each, in order', NEEDS, async () => {
  const { execs: self, target } = compiled();
  const chain = await factsOf('chain');
  assert.deepEqual(
    chain.map(({ image }) => image?.args),
    [[self, 'chain', target], [self, 'chain2', target], ['end-of-chain']],
  );
});

kernelTest('exec from a thread: the process keeps its number, the caller is told', NEEDS, async () => {
  const fact = (await factsOf('thread')).at(-1);
  assert.deepEqual(fact?.image?.args, ['from-thread']);
  assert.notEqual(fact?.tid, fact?.tgid);
});

kernelTest('an exec that fails is none', NEEDS, async () => {
  const facts = await factsOf('missing');
  assert.deepEqual(
    facts.map(({ image }) => image?.args?.[0]),
    [compiled().execs, 'found'],
  );
});

kernelTest('a path of more than 255 bytes is cut, the arguments and exe are not', NEEDS, async () => {
  const long = `${scratch()}/${'./'.repeat(200)}target`;
  compiled();
  const { facts } = await telling(() => spawnSync(long, ['deep'], { argv0: 'deep-down' }));
  const image = facts.find((fact) => fact.image?.args?.[0] === 'deep-down')?.image;
  assert.deepEqual(image?.args, ['deep-down', 'deep']);
  assert.equal(image?.path, long.slice(0, 255));
  assert.equal(image?.exe, realpathSync(compiled().target));
});

kernelTest('without arguments none are copied', NEEDS, async () => {
  const { facts, result } = await telling(() => execs('one', 10), {}, { args: 'without' });
  const mine = facts.filter(({ tgid }) => tgid === result.pid);
  const [cwd, { execs: self, target }] = [process.cwd(), compiled()];
  assert.deepEqual(
    mine.map(({ image }) => [image?.args, image?.argsTotal, image?.path, image?.comm, image?.exe, image?.cwd]),
    [
      [undefined, undefined, self, 'execs', realpathSync(self), cwd],
      [undefined, undefined, target, 'target', realpathSync(target), cwd],
    ],
  );
});

kernelTest('a full ring counts exactly what it could not keep, and works again once it is drained', NEEDS, async () => {
  const small = opened({ ringBytes: 64 * 1024 });
  const witness = opened({ ringBytes: 4 * 1024 * 1024 });
  try {
    small.drain();
    await execs('storm', 2000, 2, 'full');
    await sleep(20);
    const kept = small.drain().length;
    const lost = small.takeLost();
    assert.equal(witness.takeLost(), 0);
    assert.ok(lost > 1000 && kept > 100, `${kept} kept, ${lost} lost`);
    const seen = witness.drain().length;
    // The two are not opened, nor read, at one moment: what else runs here may fall between.
    assert.ok(Math.abs(kept + lost - seen) <= 20, `${kept} kept, ${lost} lost, ${seen} seen`);
    assert.equal(small.takeLost(), 0);
    const { pid } = await execs('one', 5);
    assert.equal(
      small
        .drain()
        .map(factFrom)
        .filter(({ tgid }) => tgid === pid).length,
      2,
    );
  } finally {
    small.close();
    witness.close();
  }
});

kernelTest('once it is closed it gives nothing, and nothing of it is left', NEEDS, async () => {
  const target = (fd: string): string => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return 'closed since the folder was read';
    }
  };
  const descriptors = (): string[] =>
    readdirSync('/proc/self/fd')
      .map(target)
      .filter((name) => name.includes('bpf'));
  const mappings = (): number => readFileSync('/proc/self/maps', 'latin1').split('bpf').length;
  const before = { descriptors: descriptors(), mappings: mappings() };
  for (let i = 0; i < 5; i++) {
    const programs = opened({}, { births: true, ends: i % 2 === 0 ? 'status' : 'whole' });
    programs.close();
    assert.deepEqual(programs.drain(), []);
    assert.equal(programs.takeLost(), 0);
    programs.close();
  }
  reasonFor({ ringBytes: 12_345 });
  assert.deepEqual({ descriptors: descriptors(), mappings: mappings() }, before);
});

kernelTest('what cannot be had is one reason', NEEDS, async () => {
  const nowhere = join(scratch(), 'no-types');
  assert.equal(reasonFor({ types: nowhere }), `this kernel does not describe its types (no ${nowhere})`);
  const rubbish = join(scratch(), 'rubbish');
  writeFileSync(rubbish, 'rubbish that is no BTF at all');
  assert.equal(reasonFor({ types: rubbish }), `${rubbish}: not a BTF file`);
  assert.match(reasonFor({ ringBytes: 12_345 }), /^cannot create a ring buffer: EINVAL .*before 5\.8/);
});

kernelTest('a program that the verifier refuses is a reason, in its own words', NEEDS, async () => {
  const types = join(scratch(), 'false-types');
  copyFileSync(KERNEL_TYPES, types);
  falsify(types);
  assert.match(reasonFor({ types }), /^cannot load the program: EACCES \(permission denied\): \S/);
});

/** Makes the file say that task_struct.start_boottime begins in the last bytes of the comm: no load may run over the end of that. */
function falsify(path: string): void {
  const bytes = readFileSync(path);
  const types = new Btf(bytes);
  const place = types.member('task_struct', 'start_boottime') ?? assert.fail();
  const comm = types.member('task_struct', 'comm') ?? assert.fail();
  const strings = bytes.readUInt32LE(4) + bytes.readUInt32LE(16);
  const name = bytes.indexOf('\0start_boottime\0', strings, 'latin1') + 1 - strings;
  const bits = place.offset * 8;
  let changed = 0;
  for (let at = 24; at + 12 <= strings; at += 4) {
    const isIt = bytes.readUInt32LE(at) === name && (bytes.readUInt32LE(at + 8) & 0xffffff) === bits;
    if (!isIt) continue;
    bytes.writeUInt32LE(((comm.offset + 12) * 8) | (bytes.readUInt32LE(at + 8) & 0xff000000), at + 8);
    changed++;
  }
  assert.ok(changed > 0);
  writeFileSync(path, bytes);
}

kernelTest('a kernel that knows no cast of pointers has the other form of the walk', NEEDS, async () => {
  const types = join(scratch(), 'types-without-cast');
  copyFileSync(KERNEL_TYPES, types);
  rename(types, 'bpf_rdonly_cast');
  const { facts, result } = await telling(() => execs('one', 10), { types });
  const fact = facts.filter(({ tgid }) => tgid === result.pid).at(-1);
  const { args, exe, cwd } = fact?.image ?? assert.fail('no record');
  assert.deepEqual([args, exe, cwd], [['one', filled(10)], realpathSync(compiled().target), process.cwd()]);
  assert.deepEqual([fact?.exeState, fact?.cwdState], [WALK.complete, WALK.complete]);
  assert.match(reasonFor({ types, walk: 'typed' }), /^this kernel's BTF has no bpf_rdonly_cast$/);
});

/** Gives what a file of types describes under this name another one. */
function rename(path: string, name: string): void {
  const bytes = readFileSync(path);
  const at = bytes.indexOf(`\0${name}\0`, 0, 'latin1') + 1;
  assert.ok(at > 0);
  bytes.write('X', at, 'latin1');
  writeFileSync(path, bytes);
}

const PROBE = `
import { openFactPrograms } from ${JSON.stringify(fileURLToPath(new URL('../../src/bpf/fact-programs.ts', import.meta.url)))};
const result = openFactPrograms(${JSON.stringify({ ...EXECS, births: true, ends: 'whole' })});
console.log('reason' in result ? result.reason : 'tells');
process.exit();
`;
const PRIVILEGES: [what: string, setpriv: string[], answer: RegExp][] = [
  ['none', ['--reuid', '65534', '--clear-groups'], /^cannot create an array: EPERM .*needs CAP_BPF and CAP_PERFMON/],
  [
    'CAP_BPF alone',
    ['--reuid', '65534', '--clear-groups', '--inh-caps', '+bpf', '--ambient-caps', '+bpf'],
    /^cannot load the program: EPERM .*needs CAP_PERFMON/,
  ],
  [
    'CAP_BPF and CAP_PERFMON',
    ['--reuid', '65534', '--clear-groups', '--inh-caps', '+bpf,+perfmon', '--ambient-caps', '+bpf,+perfmon'],
    /^tells$/,
  ],
];
for (const [what, setpriv, answer] of PRIVILEGES) {
  kernelTest(`with ${what} as uid 65534`, NEEDS, async () => {
    const node = [process.execPath, '--import=tsx', '--input-type=module', '-e', PROBE];
    const child = spawn('setpriv', [...setpriv, ...node], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    await once(child, 'close');
    assert.match(output.trim(), answer);
  });
}
