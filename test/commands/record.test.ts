/** `procwatch record` in a scripted world: what a file begins and ends with, how it turns, what a full disk does, and the flight recorder. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as dg from '../support/datagrams.ts';
import { at } from '../support/datagrams.ts';
import { readAll } from '../support/recordings.ts';
import { runProgram, ScriptedHost, type ScriptedStream } from '../support/scripted-host.ts';
import { ticksAt } from '../support/scripted-reader.ts';

function world(...argv: string[]): ScriptedHost {
  const host = new ScriptedHost({ argv: ['record', ...argv] });
  host.reader
    .set(1, { comm: 'init', args: ['/sbin/init'], ppid: 0, uid: 0, startTicks: 0 })
    .set(100, { comm: 'bash', args: ['-bash'], exe: '/bin/bash', ppid: 1, uid: 1000, startTicks: ticksAt(-60_000) })
    .set(150, { comm: 'top', args: ['top'], ppid: 100, uid: 1000, startTicks: ticksAt(-50_000) });
  return host;
}

/** Lives of one program each, one after the other: a fork, an exec and an exit. */
function lives(host: ScriptedHost, count: number, status = 0): void {
  for (let i = 0; i < count; i++) {
    const pid = 200 + i;
    const now = Number((host.nowNs - at(0)) / 1_000_000n);
    host.connector.deliver(dg.fork(100, pid, { time: at(now) }));
    host.advance(1);
    host.reader.set(pid, {
      comm: 'cat',
      args: ['cat', `file ${i}`],
      exe: '/bin/cat',
      ppid: 100,
      uid: 1000,
      startTicks: ticksAt(now),
    });
    host.connector.deliver(dg.exec(pid, { time: at(now + 1) }));
    host.advance(4);
    host.reader.remove(pid);
    host.connector.deliver(dg.exit(pid, status, 100, { time: at(now + 5) }));
    host.advance(5);
  }
}

const stop = (host: ScriptedHost): void => host.signal('SIGINT');

const thenStop = (host: ScriptedHost, act: () => void) => (): void => {
  act();
  stop(host);
};

interface Line {
  readonly [name: string]: unknown;
  readonly event: string;
  readonly seq: number;
}

const contentOf = (host: ScriptedHost, path: string): Buffer => (host.files.get(path) as ScriptedStream).bytes;
const linesIn = (text: string): Line[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
const briefly = (lines: readonly Line[]): string => lines.map(({ event }) => event).join(' ');
const STATE = 'alive alive alive';
const LIFE = 'fork exec exit';

test('a recording begins with the machine and who is there, and ends with what it told', async () => {
  const host = world('-o', 'night.jsonl', '--full');
  assert.equal(
    await runProgram(
      host,
      thenStop(host, () => lives(host, 1)),
    ),
    0,
  );
  const lines = linesIn(contentOf(host, 'night.jsonl').toString());
  assert.equal(briefly(lines), `start ${STATE} ${LIFE} end`);
  assert.equal(lines[0].host, 'lovelace');
  const { comm, exe, args, uid, user, ppid, start_time: start } = lines.find(({ pid }) => pid === 100) as Line;
  assert.deepEqual([comm, exe, args, uid, user, ppid], ['bash', '/bin/bash', ['-bash'], 1000, 'ada', 1]);
  assert.equal(start, '2001-09-09T01:45:40.000000000Z');
  assert.deepEqual(lines.at(-1)?.told, { alive: 3, fork: 1, exec: 1, exit: 1 });
  assert.deepEqual(
    lines.map(({ seq }) => seq),
    lines.map((_, i) => i + 1),
  );
  assert.equal(host.stderr.text, '');
});

test('without a name the file is called by the machine and the time, and that is said', async () => {
  const host = world();
  await runProgram(
    host,
    thenStop(host, () => lives(host, 1)),
  );
  const name = 'procwatch-lovelace-20010909T014640Z.jsonl.gz';
  assert.equal(host.stderr.text, `procwatch: recording to ${name}\n`);
  const { records } = await readAll(contentOf(host, name));
  assert.equal(records.length, 8);
});

test('a selection selects the state too, and of those above a tree it keeps how they hang together', async () => {
  const host = world('-o', 'night.jsonl', '--tree', '150');
  await runProgram(host, () => stop(host));
  const alive = linesIn(contentOf(host, 'night.jsonl').toString()).filter(({ event }) => event === 'alive');
  assert.deepEqual(
    alive.map(({ pid, ppid, comm, args, exe, uid }) => [pid, ppid, comm, args, exe, uid]),
    [
      [100, 1, 'bash', undefined, undefined, undefined],
      [1, 0, 'init', undefined, undefined, undefined],
      [150, 100, 'top', ['top'], undefined, 1000],
    ],
  );
  const failures = world('-o', 'night.jsonl', '--code', '1', '--user', 'ada');
  await runProgram(failures, () => stop(failures));
  assert.equal(briefly(linesIn(contentOf(failures, 'night.jsonl').toString())), 'start alive alive end');
  const bare = world('-o', 'night.jsonl', '--no-state');
  await runProgram(bare, () => stop(bare));
  assert.equal(briefly(linesIn(contentOf(bare, 'night.jsonl').toString())), 'start end');
});

test('what is in the file stays, and half a line at its end is taken out', async () => {
  for (const [before, kept] of [
    ['{"v":1,"seq":1}\n', '{"v":1,"seq":1}\n'],
    ['{"v":1,"seq":1}\n{"v":1,"se', '{"v":1,"seq":1}\n'],
    ['{"v":1,"seq":1}\n\0\0\0\0', '{"v":1,"seq":1}\n'],
    ['notes of somebody', 'notes of somebody\n'],
  ]) {
    const host = world('-o', 'night.jsonl', '--no-state');
    host.openFile('night.jsonl').write(before);
    await runProgram(host, () => stop(host));
    const text = contentOf(host, 'night.jsonl').toString();
    assert.ok(text.startsWith(`${kept}{"v":1,"seq":1,"time"`), JSON.stringify(text.slice(0, 60)));
    const watch = new ScriptedHost({ argv: ['--json', '--meta', '-o', 'night.jsonl', '--append'] });
    watch.openFile('night.jsonl').write(before);
    await runProgram(watch, () => stop(watch));
    assert.ok(contentOf(watch, 'night.jsonl').toString().startsWith(`${kept}{"v":1,"seq":1,"time"`));
  }
});

test('files turn by their size: each can be read alone, the sequence goes on, and only so many are kept', async () => {
  const host = world('-o', 'a.b/night.jsonl', '--rotate-size', '4K', '--keep', '2');
  host.openFile('a.b/night.000041.jsonl').write('{}\n');
  await runProgram(
    host,
    thenStop(host, () => lives(host, 40)),
  );
  const names = [...host.files.keys()].sort();
  const last = Number(/night\.(\d+)\.jsonl/.exec(names.at(-2) ?? '')?.[1]);
  assert.ok(last > 43, names.join(' '));
  assert.deepEqual(names, [last - 1, last].map((n) => `a.b/night.0000${n}.jsonl`).concat('a.b/night.jsonl'));
  const files = names.map((name) => linesIn(contentOf(host, name).toString()));
  for (const lines of files) {
    assert.match(briefly(lines), new RegExp(`^start ${STATE}.* end$`));
    assert.equal(lines.at(-1)?.reason, lines === files.at(-1) ? 'ok' : 'rotated');
  }
  const all = files.flat();
  assert.deepEqual(
    all.map(({ seq }) => seq),
    all.map((_, i) => all[0].seq + i),
  );
});

test('files turn by their age, also where nothing happens', async () => {
  const host = world('-o', 'night.jsonl', '--rotate-time', '1h');
  await runProgram(
    host,
    thenStop(host, () => host.advance(2.5 * 3_600_000)),
  );
  assert.deepEqual([...host.files.keys()].sort(), ['night.000001.jsonl', 'night.000002.jsonl', 'night.jsonl']);
});

test('a state in the middle is that of the moment', async () => {
  const host = world('-o', 'night.jsonl', '--rotate-time', '10s');
  await runProgram(host, () => {
    host.connector.deliver(dg.fork(100, 200, { time: at(0) }));
    host.advance(100);
    host.reader.remove(150);
    host.connector.deliver(dg.exit(150, 0, 100, { time: at(100) }));
    host.advance(11_000);
    stop(host);
  });
  const alive = linesIn(contentOf(host, 'night.jsonl').toString()).filter(({ event }) => event === 'alive');
  assert.deepEqual(
    alive.map(({ pid, image }) => [pid, image]),
    [
      [1, undefined],
      [100, undefined],
      [200, 'inherited'],
    ],
  );
});

test('SIGHUP opens the file anew, for whoever has renamed it', async () => {
  const host = world('-o', 'night.jsonl');
  await runProgram(host, () => {
    lives(host, 1);
    host.fileSystem.rename('night.jsonl', 'night.jsonl.1');
    host.signal('SIGHUP');
    lives(host, 1);
    stop(host);
  });
  assert.equal(briefly(linesIn(contentOf(host, 'night.jsonl.1').toString())), `start ${STATE} ${LIFE} end`);
  assert.equal(briefly(linesIn(contentOf(host, 'night.jsonl').toString())), `start ${STATE} ${LIFE} end`);
});

test('a file that is no more is made again', async () => {
  const host = world('-o', 'night.jsonl');
  await runProgram(host, () => {
    host.fileSystem.remove('night.jsonl');
    host.advance(2000);
    lives(host, 1);
    stop(host);
  });
  assert.equal(briefly(linesIn(contentOf(host, 'night.jsonl').toString())), `start ${STATE} ${LIFE} end`);
});

test('while the disk is full records wait, what has no room is counted, and no half line is ever left', async () => {
  const host = world('-o', 'night.jsonl', '--queue', '2K', '--no-state');
  await runProgram(host, () => {
    lives(host, 1);
    const before = contentOf(host, 'night.jsonl').length;
    host.fileSystem.space = 100;
    lives(host, 20);
    assert.equal(contentOf(host, 'night.jsonl').length, before);
    assert.match(host.stderr.text, /^procwatch: cannot write night\.jsonl: ENOSPC; what comes waits in memory\n$/);
    host.fileSystem.space = 1e9;
    host.advance(1500);
    lives(host, 1);
    stop(host);
  });
  const lines = linesIn(contentOf(host, 'night.jsonl').toString());
  const lost = lines.filter(({ event }) => event === 'lost');
  assert.deepEqual(
    lost.map(({ reason }) => reason),
    ['output'],
  );
  const told = lines.filter(({ event }) => LIFE.includes(event)).length;
  assert.equal(told + Number(lost[0].count), 3 * 22);
  assert.deepEqual(
    lines.map(({ seq }) => seq),
    lines.map((_, i) => i + 1),
  );
  assert.match(host.stderr.text, /\nprocwatch: night\.jsonl can be written again\n$/);
});

test('a disk that stays full to the end is 74, and how much is missing is told', async () => {
  const host = world('-o', 'night.jsonl', '--no-state');
  const code = await runProgram(host, () => {
    host.fileSystem.space = 0;
    lives(host, 1);
    stop(host);
  });
  assert.equal(code, 74);
  assert.match(host.stderr.text, /\nprocwatch: night\.jsonl: \d+ bytes could not be written\n$/);
});

test('where there can be no other file the one at hand is written on', async () => {
  const host = world('-o', 'night.jsonl', '--rotate-time', '10s', '--no-state');
  await runProgram(host, () => {
    const { rename } = host.fileSystem;
    host.fileSystem.rename = () => {
      throw new Error('EACCES: permission denied, rename');
    };
    host.advance(30_000);
    lives(host, 1);
    host.fileSystem.rename = rename;
    host.advance(2000);
    lives(host, 1);
    stop(host);
  });
  assert.equal(host.stderr.text, 'procwatch: EACCES: permission denied, rename: the file at hand is written on\n');
  assert.equal(briefly(linesIn(contentOf(host, 'night.000001.jsonl').toString())), `start ${LIFE} end`);
  assert.equal(briefly(linesIn(contentOf(host, 'night.jsonl').toString())), `start ${LIFE} end`);
});

test('a compressed file that is cut anywhere is repaired before more is written', async () => {
  const first = world('-o', 'night.jsonl.gz', '--no-state');
  await runProgram(first, () => {
    lives(first, 2);
    first.advance(6000);
    lives(first, 2);
    stop(first);
  });
  const whole = contentOf(first, 'night.jsonl.gz');
  const all = (await readAll(whole)).records.length;
  assert.equal(all, 14);
  for (let size = 0; size < whole.length; size += 41) {
    const host = world('-o', 'night.jsonl.gz', '--no-state');
    host.openFile('night.jsonl.gz').write(whole.subarray(0, size));
    await runProgram(host, () => stop(host));
    const { records, said } = await readAll(contentOf(host, 'night.jsonl.gz'));
    assert.equal(said, '');
    assert.ok([2, 9].includes(records.length), `${size}: ${records.length}`);
  }
});

test('a compressed file that somebody else made is set aside', async () => {
  const host = world('-o', 'night.jsonl.gz', '--no-state');
  const { gzipSync } = await import('node:zlib');
  host.openFile('night.jsonl.gz').write(gzipSync('notes\n'));
  await runProgram(host, () => stop(host));
  assert.deepEqual([...host.files.keys()].sort(), ['night.000001.jsonl.gz', 'night.jsonl.gz']);
});

test('a flight recorder writes out what the last seconds held, and who was there when they began', async () => {
  const host = world('--last', '10s', '-o', 'night.jsonl');
  await runProgram(host, () => {
    lives(host, 3);
    host.connector.deliver(dg.fork(100, 300, { time: at(500) }));
    host.advance(1000);
    host.reader.remove(150);
    host.connector.deliver(dg.exit(150, 0, 100, { time: at(1030) }));
    host.advance(20_000);
    const since = host.nowNs;
    lives(host, 5);
    host.signal('SIGUSR1');
    assert.equal(host.nowNs - since, 50_000_000n);
    lives(host, 1);
    host.advance(30_000);
    stop(host);
  });
  assert.deepEqual([...host.files.keys()].sort(), ['night.000001.jsonl', 'night.000002.jsonl']);
  const lines = linesIn(contentOf(host, 'night.000001.jsonl').toString());
  assert.equal(briefly(lines), `start alive alive alive ${Array(5).fill(LIFE).join(' ')} end`);
  assert.deepEqual(
    lines
      .filter(({ event }) => event === 'alive')
      .map(({ pid }) => pid)
      .sort(),
    [1, 100, 300],
  );
  assert.deepEqual(
    lines.map(({ seq }) => seq),
    lines.map((_, i) => i + 1),
  );
  assert.deepEqual(lines.at(-1)?.told, { fork: 5, exec: 5, exit: 5 });
  assert.match(host.stderr.text, /^procwatch: night\.000001\.jsonl: 15 records, the last 0\.\d s: SIGUSR1\n/);
  assert.equal(briefly(linesIn(contentOf(host, 'night.000002.jsonl').toString())), 'start alive alive alive end');
});

test('what must not be told is told neither of who was there when the window began, nor of what happened in it', async () => {
  const host = world('--last', '10s', '-o', 'night.jsonl', '--redact', '-bash', '--redact', 'a file');
  await runProgram(host, () => {
    lives(host, 3);
    host.advance(20_000);
    lives(host, 2);
    stop(host);
  });
  const text = contentOf(host, 'night.000001.jsonl').toString();
  assert.match(briefly(linesIn(text)), /^start alive alive .*exec exit end$/);
  assert.doesNotMatch(text, /-bash|a file/);
  assert.match(text, /"event":"alive","pid":100,.*"args":\["[^"]+"\]/);
});

test('a flight recorder of a size keeps no more than that', async () => {
  const host = world('--last', '64K', '-o', 'night.jsonl');
  await runProgram(
    host,
    thenStop(host, () => lives(host, 500)),
  );
  const size = contentOf(host, 'night.000001.jsonl').length;
  assert.ok(size > 1000 && size < 70_000, `${size}`);
});

test('a flight recorder writes out when something fails, as far as it was asked to, and not too often', async () => {
  const host = world(
    '--last',
    '1m',
    '--dump-on',
    'nonzero-exit,signal',
    '--dump-name',
    'c*',
    '--dump-code',
    '1',
    '-o',
    'n.jsonl',
  );
  await runProgram(host, () => {
    lives(host, 1);
    lives(host, 1, 0x200);
    assert.equal(host.files.size, 0);
    lives(host, 2, 0x100);
    assert.equal(host.files.size, 1);
    host.advance(61_000);
    lives(host, 1, 0x100);
    assert.equal(host.files.size, 2);
    stop(host);
  });
  assert.match(
    host.stderr.text,
    /^procwatch: n\.000001\.jsonl: 9 records, the last 0\.\d s: cat \(200\) ended with exit 1\n/,
  );
});

test('what makes no sense is refused', async () => {
  for (const [argv, message] of [
    [['--keep', '3'], '--keep is about ended files'],
    [['--last', '1m', '--rotate-time', '1h'], '--last keeps in memory'],
    [['--dump-on', 'signal'], '--dump-on writes out what --last keeps'],
    [['--last', '1m', '--dump-code', '1'], '--dump-name, --dump-code and --dump-signal narrow'],
    [['-o', '-', '--rotate-size', '1M'], 'stdout is one stream'],
    [['-o', '/nowhere/x.jsonl'], 'cannot write /nowhere/x.jsonl: ENOENT'],
    [['--last', '0s'], '--last: nothing would be kept'],
  ] as const) {
    const host = world(...argv);
    assert.ok([2, 74].includes(await runProgram(host, () => stop(host))), argv.join(' '));
    assert.ok(host.stderr.text.startsWith(`procwatch: ${message}`), host.stderr.text);
  }
});

test('- is stdout, as another machine pipes it here', async () => {
  const host = world('-o', '-');
  assert.equal(
    await runProgram(
      host,
      thenStop(host, () => lives(host, 1)),
    ),
    0,
  );
  assert.equal(briefly(linesIn(host.stdout.text)), `start ${STATE} ${LIFE} end`);
});

for (const command of ['record', 'watch']) {
  test(`${command} --to: what a server does not acknowledge within ten seconds is told, and the end is 74`, async () => {
    const host = new ScriptedHost({ argv: [command, '--to', 'nats://server'] });
    host.kept.hinders = () => new Error('away');
    const code = await runProgram(host, async () => {
      lives(host, 1);
      stop(host);
      for (let seconds = 0; seconds < 12; seconds++) {
        await new Promise((resolve) => setImmediate(resolve));
        host.advance(1000);
      }
    });
    assert.equal(code, 74);
    assert.match(host.stderr.text, /\d messages were not acknowledged by nats:\/\/server:4222: away\n/);
    assert.doesNotMatch(host.stderr.text, /takes nothing/);
  });
}
