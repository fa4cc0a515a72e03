/** The exec capture on the real kernel: every exec, byte for byte, and what happens where it cannot be had. */
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Btf } from '../../src/bpf/btf.ts';
import { type CaptureOptions, type ExecCapture, openExecCapture } from '../../src/bpf/exec-capture.ts';
import { ARGS_LIMIT, decodeExec, type ExecRecord } from '../../src/bpf/exec-record.ts';
import { BpfImageSource } from '../../src/bpf/image-source.ts';
import { KERNEL_TYPES } from '../../src/bpf/kernel-types.ts';
import { kernel } from '../../src/host/real-kernel.ts';
import type { WireKind } from '../../src/netlink/events.ts';
import type { Scope } from '../../src/netlink/filter.ts';
import { EventSource } from '../../src/netlink/source.ts';
import { Subscription } from '../../src/netlink/subscribe.ts';
import { ProcImageSource } from '../../src/process/image-source.ts';
import type { Text } from '../../src/process/text.ts';
import { compiled, execs, targetNamed } from '../bpf/execs.ts';
import { scratch } from './support/fixtures.ts';
import { kernelTest } from './support/requirements.ts';

const NEEDS = ['root', 'compiler'] as const;
const CONNECTED = [...NEEDS, 'connector'] as const;

function opened(options?: CaptureOptions): ExecCapture {
  const result = openExecCapture(options);
  if ('reason' in result) throw new Error(result.reason);
  return result.capture;
}

function reasonFor(options: CaptureOptions): string {
  const result = openExecCapture(options);
  if ('reason' in result) return result.reason;
  result.capture.close();
  return assert.fail('it could be opened');
}

const decoded = (drained: readonly Uint8Array[]): ExecRecord[] =>
  drained.map((bytes) => decodeExec(bytes) ?? assert.fail('not a record'));

/** All records of what happened during the task, drained every 20 ms. */
async function capturing<T>(task: () => Promise<T>, options?: CaptureOptions) {
  const capture = opened(options);
  const records: ExecRecord[] = [];
  const timer = setInterval(() => records.push(...decoded(capture.drain())), 20);
  try {
    const result = await task();
    records.push(...decoded(capture.drain()));
    return { result, records, lost: capture.takeLost() };
  } finally {
    clearInterval(timer);
    capture.close();
  }
}

/** The arguments of the fixture's storm, by index. */
const stormArgs = (tag: string, index: number): string[] => ['target', tag, String(index), 'x'.repeat(index % 300), ''];

const pairs = (output: string): number[][] =>
  output
    .trim()
    .split('\n')
    .map((line) => line.split(' ').map(Number));

const COUNT = 4000;

for (const parallel of [2, 4]) {
  kernelTest(
    `${COUNT} short execs, ${parallel} in parallel: each once, under its pid, with its own arguments`,
    NEEDS,
    async () => {
      const tag = `storm-${parallel}-${process.pid}`;
      const { result, records, lost } = await capturing(() => execs('storm', COUNT, parallel, tag));
      assert.equal(lost, 0);
      const mine = records.filter(({ args }) => args?.[0] === 'target' && args[1] === tag);
      const expected = pairs(result.output).map(([pid, index]) => ({ pid, args: stormArgs(tag, index) }));
      const byIndex = (a: { args: readonly unknown[] }, b: { args: readonly unknown[] }): number =>
        Number(a.args[2]) - Number(b.args[2]);
      assert.deepEqual(
        mine.map(({ tgid, args }) => ({ pid: tgid, args: args ?? [] })).sort(byIndex),
        expected.sort(byIndex),
      );
      assert.equal(mine.length, COUNT);
    },
  );

  kernelTest(
    `${COUNT} EXEC events, ${parallel} in parallel, read every 20 ms: each finds its arguments without /proc`,
    CONNECTED,
    async () => {
      const tag = `joined-${parallel}-${process.pid}`;
      const hearing = { scopes: new Map<WireKind, Scope>([['exec', 'leaders']]), onlyFailures: false };
      const subscription = new Subscription({
        open: kernel.openConnector,
        hearing,
        bufferBytes: 16 * 1024 * 1024,
        random: () => 7,
        circumstances: () => kernel.circumstances(),
      });
      const events = new EventSource(subscription, hearing, {
        now: () => performance.now(),
        after: () => ({ cancel() {} }),
      });
      const inner = new ProcImageSource(
        kernel.reader,
        () => kernel.clocks().monotonic,
        () => kernel.clocks().bootOffset,
      );
      let askedOfProc = 0;
      const images = new BpfImageSource(
        opened(),
        {
          capture: (batch, wanted) =>
            inner.capture(batch, (exec) => {
              const isWanted = wanted(exec);
              if (isWanted) askedOfProc++;
              return isWanted;
            }),
          confirm: (later) => inner.confirm(later),
          of: (exec) => inner.of(exec),
        },
        undefined,
      );
      // Events from before the program was there have no record.
      events.drain();
      const found = new Map<number, readonly Text[] | undefined>();
      const drain = (): void => {
        for (let more = true; more; ) {
          const batch = events.drain();
          images.capture(batch.events, () => true);
          for (const event of batch.events) {
            const facts = event.kind === 'exec' ? images.of(event) : undefined;
            if (typeof facts === 'object' && facts.image.args?.[1] === tag) found.set(event.tgid, facts.image.args);
          }
          assert.equal(batch.lost, 0);
          more = batch.full;
        }
      };
      const timer = setInterval(drain, 20);
      try {
        const { output } = await execs('storm', COUNT, parallel, tag);
        await sleep(50);
        drain();
        assert.deepEqual(found, new Map(pairs(output).map(([pid, index]) => [pid, stormArgs(tag, index)])));
        assert.equal(askedOfProc, 0);
        assert.equal(images.takeLost(), 0);
      } finally {
        clearInterval(timer);
        images.close();
        subscription.close();
      }
    },
  );
}

/** The records of one process from the one of the fixture itself on. */
async function recordsOf(mode: string, ...args: (string | number)[]): Promise<ExecRecord[]> {
  const { result, records } = await capturing(() => execs(mode, ...args));
  return records.filter(({ tgid }) => tgid === result.pid);
}

const filled = (bytes: number): string =>
  Array.from({ length: bytes }, (_, i) => String.fromCharCode(97 + (i % 26))).join('');

kernelTest('who and which file: pids, users, start, path and inode', NEEDS, async () => {
  const { target } = compiled();
  const before = kernel.clocks().monotonic.seconds;
  const [own, record] = await recordsOf('one', 10);
  const file = statSync(target, { bigint: true });
  assert.deepEqual([record.parentTgid, record.callerTid, record.path], [process.pid, record.tgid, target]);
  assert.deepEqual([record.realUid, record.effectiveUid, record.comm], [0, 0, 'target']);
  assert.deepEqual(record.args, ['one', filled(10)]);
  assert.equal(record.file?.inode, file.ino);
  const [major, minor] = execFileSync('stat', ['-c', '%Hd:%Ld', target], { encoding: 'latin1' }).trim().split(':');
  assert.equal(record.file?.device, `${major}:${minor}`);
  assert.deepEqual(own.start, record.start);
  assert.ok(record.at.seconds >= before && record.at.seconds <= kernel.clocks().monotonic.seconds);
});

kernelTest('the user of a set-user-id program is the one it runs as', NEEDS, async () => {
  const program = targetNamed('set-user-id');
  execFileSync('chown', ['65534', program]);
  chmodSync(program, 0o4755);
  const { records } = await capturing(async () => spawnSync(program));
  const record = records.find(({ path }) => path === program);
  assert.deepEqual([record?.realUid, record?.effectiveUid], [0, 65534]);
});

kernelTest('an argument of 100 KiB: cut at the limit, with its true length', NEEDS, async () => {
  const record = (await recordsOf('one', 102_400)).at(-1);
  assert.equal(record?.argsTotal, 'one'.length + 1 + 102_400 + 1);
  assert.deepEqual(record?.args, ['one', filled(ARGS_LIMIT - 4)]);
  assert.equal(record?.path, compiled().target);
});

kernelTest('one byte less than the limit is whole', NEEDS, async () => {
  const record = (await recordsOf('one', ARGS_LIMIT - 'one'.length - 2)).at(-1);
  assert.equal(record?.argsTotal, undefined);
  assert.equal(record?.args?.[1], filled(ARGS_LIMIT - 5));
});

kernelTest('10,001 arguments and 1.5 MB of arguments: the true length, the first of them', NEEDS, async () => {
  const many = (await recordsOf('many', 10_001)).at(-1);
  const numbers = Array.from({ length: 10_001 }, (_, i) => String(i));
  assert.equal(many?.argsTotal, numbers.join(' ').length + 1);
  const whole = many?.args?.slice(0, -1) ?? [];
  assert.ok(whole.length > 6000);
  assert.deepEqual(whole, numbers.slice(0, whole.length));
  const wide = (await recordsOf('wide', 16, 100_000)).at(-1);
  assert.equal(wide?.argsTotal, 16 * 100_001);
  assert.deepEqual(wide?.args, [filled(ARGS_LIMIT)]);
});

kernelTest('no argument at all: the kernel gives the program an empty one', NEEDS, async () => {
  assert.deepEqual((await recordsOf('empty')).at(-1)?.args, ['']);
});

kernelTest('arguments are bytes', NEEDS, async () => {
  assert.deepEqual((await recordsOf('odd')).at(-1)?.args, [
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
  const { records } = await capturing(async () => spawnSync('./scr.sh', ['one'], { cwd: scratch() }));
  const record = records.find(({ path }) => path === './scr.sh');
  assert.deepEqual(record?.args, ['/bin/sh', '-e', './scr.sh', 'one']);
  assert.equal(record?.comm, 'scr.sh');
  assert.equal(record?.file?.inode, statSync('/bin/sh', { bigint: true }).ino);
});

kernelTest('execveat of a descriptor: the path says so, the inode tells which file', NEEDS, async () => {
  const record = (await recordsOf('byfd')).at(-1);
  assert.match(String(record?.path), /^\/dev\/fd\/\d+$/);
  assert.deepEqual(record?.args, ['byfd']);
  assert.equal(record?.file?.inode, statSync(compiled().target, { bigint: true }).ino);
});

kernelTest('a chain in one process: one record each, in order', NEEDS, async () => {
  const { execs: self, target } = compiled();
  const chain = await recordsOf('chain');
  assert.deepEqual(
    chain.map(({ args }) => args),
    [[self, 'chain', target], [self, 'chain2', target], ['end-of-chain']],
  );
});

kernelTest('exec from a thread: the process keeps its number, the caller is told', NEEDS, async () => {
  const record = (await recordsOf('thread')).at(-1);
  assert.deepEqual(record?.args, ['from-thread']);
  assert.notEqual(record?.callerTid, record?.tgid);
});

kernelTest('an exec that fails is none', NEEDS, async () => {
  const records = await recordsOf('missing');
  assert.deepEqual(
    records.map(({ args }) => args?.[0]),
    [compiled().execs, 'found'],
  );
});

kernelTest('a path of more than 255 bytes is cut, the arguments are not', NEEDS, async () => {
  const long = `${scratch()}/${'./'.repeat(200)}target`;
  compiled();
  const { records } = await capturing(async () => spawnSync(long, ['deep'], { argv0: 'deep-down' }));
  const record = records.find(({ args }) => args?.[0] === 'deep-down');
  assert.deepEqual(record?.args, ['deep-down', 'deep']);
  assert.equal(record?.path, long.slice(0, 255));
});

kernelTest('without arguments none are copied', NEEDS, async () => {
  const { records, result } = await capturing(() => execs('one', 10), { args: 'without' });
  const mine = records.filter(({ tgid }) => tgid === result.pid);
  assert.deepEqual(
    mine.map(({ args, path, comm }) => ({ args, path, comm })),
    [
      { args: undefined, path: compiled().execs, comm: 'execs' },
      { args: undefined, path: compiled().target, comm: 'target' },
    ],
  );
});

kernelTest('a full ring counts exactly what it could not keep, and works again once it is drained', NEEDS, async () => {
  const capture = opened({ ringBytes: 64 * 1024 });
  const witness = opened({ ringBytes: 4 * 1024 * 1024 });
  try {
    capture.drain();
    await execs('storm', 2000, 2, 'full');
    await sleep(20);
    const kept = capture.drain().length;
    const lost = capture.takeLost();
    assert.equal(witness.takeLost(), 0);
    assert.ok(lost > 1000 && kept > 100);
    const seen = witness.drain().length;
    // The two are not opened, nor read, at one moment: what else runs here may fall between.
    assert.ok(Math.abs(kept + lost - seen) <= 20, `${kept} kept, ${lost} lost, ${seen} seen`);
    assert.equal(capture.takeLost(), 0);
    const { pid } = await execs('one', 5);
    assert.equal(decoded(capture.drain()).filter(({ tgid }) => tgid === pid).length, 2);
  } finally {
    capture.close();
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
    const capture = opened();
    capture.close();
    assert.deepEqual(capture.drain(), []);
    assert.equal(capture.takeLost(), 0);
    capture.close();
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

const PROBE = `
import { openExecCapture } from ${JSON.stringify(fileURLToPath(new URL('../../src/bpf/exec-capture.ts', import.meta.url)))};
const result = openExecCapture();
console.log('reason' in result ? result.reason : 'captures');
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
    /^captures$/,
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
