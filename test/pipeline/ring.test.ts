/** Programs in the kernel as the source of events: what their records become, in order and with exact loss, and when they are it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { main } from '../../src/main.ts';
import { at } from '../support/datagrams.ts';
import {
  birthRecord,
  endRecord,
  execRecord,
  ScriptedRingSource,
  threadEndRecord,
  wholeEnd,
} from '../support/fact-records.ts';
import { ScriptedHost, type World } from '../support/scripted-host.ts';

type Line = Readonly<Record<string, unknown>> & { readonly event: string };

const linesOf = (host: ScriptedHost): Line[] =>
  host.stdout.text
    .split('\n')
    .filter((text) => text !== '')
    .map((text) => JSON.parse(text) as Line);

const members = (lines: readonly Line[], ...names: string[]): unknown[][] =>
  lines.map((line) => names.map((name) => line[name]));

interface Scene extends World {
  readonly ring?: ScriptedRingSource;
  readonly act?: (ring: ScriptedRingSource, host: ScriptedHost) => void;
}

/** A watch by JSON lines whose events are the records of this ring. */
async function watching(argv: readonly string[], { ring = new ScriptedRingSource(), act, ...world }: Scene = {}) {
  const host = new ScriptedHost({ argv: ['--json', ...argv], ...world });
  host.ring = ring;
  host.reader.set(1, { comm: 'init', ppid: 0 });
  const done = main(host);
  const first = await Promise.race([done, ring.listening.then(() => 'listening' as const)]);
  if (first !== 'listening') return { host, code: first, lines: linesOf(host) };
  act?.(ring, host);
  ring.wake();
  host.advance(1000);
  host.signal('SIGINT');
  const code = await done;
  return { host, code, lines: linesOf(host) };
}

const LIFE = [
  birthRecord({ at: at(1), start: at(1), tgid: 42, ppid: 1, comm: 'init' }),
  execRecord({ at: at(2), start: at(1), tgid: 42, ppid: 1, comm: 'true' }),
  endRecord({ at: at(3), start: at(1), tgid: 42, ppid: 1, comm: 'true', status: 0x700 }),
];

test('a life is told by its records alone, and start says where from', async () => {
  const { lines, host } = await watching(['--source', 'bpf', '--meta'], { act: (ring) => void ring.put(...LIFE) });
  const [start, ...told] = lines;
  assert.deepEqual([start.source, start.argv_source, start.buffer_bytes], ['bpf', 'bpf', 1 << 20]);
  assert.deepEqual(members(told.slice(0, 3), 'event', 'pid', 'ppid', 'comm', 'exit_code', 'duration_s'), [
    ['fork', 42, 1, 'init', undefined, undefined],
    ['exec', 42, 1, 'true', undefined, undefined],
    ['exit', 42, 1, 'true', 7, 0.002],
  ]);
  assert.deepEqual(told[1].args, ['true']);
  assert.deepEqual(host.connector.calls, []);
});

for (const [what, connector] of [
  ['refuses', { kind: 'refusing' }],
  ['is silent', { kind: 'silent' }],
  ['is not there', { openErrno: 93 }],
] as const) {
  test(`where the connector ${what} programs take its place by themselves`, async () => {
    const { lines, code, host } = await watching([], {
      connector,
      circumstances: { connectorListed: false },
      act: (ring) => void ring.put(...LIFE),
    });
    assert.deepEqual(members(lines, 'event'), [['fork'], ['exec'], ['exit']]);
    assert.deepEqual([code, host.stderr.text], [0, '']);
  });
}

test('by hand the connector alone is asked, and its absence is all there is to say', async () => {
  const { code, host } = await watching(['--source', 'connector'], {
    connector: { kind: 'refusing' },
    circumstances: { connectorListed: false },
  });
  assert.equal(code, 69);
  assert.doesNotMatch(host.stderr.text, /programs in the kernel/);
});

test('the programs are closed at the end, and the ring is given back', async () => {
  const ring = new ScriptedRingSource();
  await watching(['--source', 'bpf'], { ring, act: () => void ring.put(...LIFE) });
  assert.deepEqual([ring.isClosed, ring.released], [true, ring.written]);
});

test('a loss stands directly before the first record after the gap, with its exact count', async () => {
  const { lines } = await watching(['--source', 'bpf', '-e', 'fork'], {
    act(ring, host) {
      ring.put(birthRecord({ at: at(1), tgid: 50, ppid: 1 }), birthRecord({ at: at(2), tgid: 51, ppid: 1 }));
      // The ring is full, and five more find no room.
      ring.held = ring.ringBytes;
      ring.lost = 5;
      host.advance(10);
      ring.wake();
      host.advance(200);
      ring.held = 0;
      ring.put(birthRecord({ at: host.nowNs + 1n, tgid: 57, ppid: 1 }));
    },
  });
  assert.deepEqual(members(lines.slice(0, 4), 'event', 'pid', 'reason', 'count'), [
    ['fork', 50, undefined, undefined],
    ['fork', 51, undefined, undefined],
    ['lost', undefined, 'overrun', 5],
    ['fork', 57, undefined, undefined],
  ]);
});

test('a loss noticed only at the end is told too', async () => {
  const ring = new ScriptedRingSource();
  const { lines, code } = await watching(['--source', 'bpf', '--fail-on-loss'], {
    ring,
    act: () => {
      ring.lost = 9;
    },
  });
  assert.deepEqual([members(lines, 'event', 'count'), code], [[['lost', 9]], 3]);
});

test('name and user are those that the record of the birth and of the end have, since changes of them are not heard', async () => {
  const { lines } = await watching(['--source', 'bpf'], {
    act(ring) {
      ring.put(
        ...LIFE.slice(0, 2),
        birthRecord({ at: at(5), start: at(5), tgid: 43, ppid: 42, comm: 'renamed', uid: 1000 }),
        endRecord({ at: at(6), start: at(5), tgid: 43, ppid: 42, comm: 'worker', uid: 33 }),
        endRecord({ at: at(7), start: at(1), tgid: 42, ppid: 1, comm: 'renamed', uid: 1000 }),
      );
    },
  });
  assert.deepEqual(members(lines.slice(2), 'event', 'pid', 'comm', 'uid', 'args', 'image'), [
    ['fork', 43, 'renamed', 1000, ['true'], 'inherited'],
    ['exit', 43, 'worker', 33, ['true'], 'inherited'],
    ['exit', 42, 'renamed', 1000, ['true'], undefined],
  ]);
});

test('threads are told where they are asked for, each with its own end before that of its process', async () => {
  const act = (ring: ScriptedRingSource): void => {
    ring.put(
      birthRecord({ at: at(1), tgid: 42, ppid: 1 }),
      birthRecord({ at: at(2), tgid: 42, ppid: 1, born: 44 }),
      threadEndRecord({ at: at(3), tgid: 42, tid: 42, status: 0 }),
      threadEndRecord({ at: at(4), tgid: 42, tid: 44, status: 0x500 }),
      endRecord({ at: at(5), tgid: 42, tid: 44, ppid: 1, status: 0x500 }),
    );
  };
  const threads = await watching(['--source', 'bpf', '--threads'], { act });
  assert.deepEqual(members(threads.lines, 'event', 'tid', 'thread', 'wait_status'), [
    ['fork', 42, undefined, undefined],
    ['clone', 44, undefined, undefined],
    ['exit', 42, true, 0],
    ['exit', 44, true, 0x500],
    ['exit', 42, undefined, 0x500],
  ]);
  const processes = await watching(['--source', 'bpf'], { act });
  assert.deepEqual(members(processes.lines, 'event', 'tid'), [
    ['fork', 42],
    ['exit', 42],
  ]);
});

test('an end that an old kernel tells twice is told once', async () => {
  const end = { start: at(1), tgid: 42, ppid: 1 };
  const { lines } = await watching(['--source', 'bpf', '-e', 'exit'], {
    ring: new ScriptedRingSource({ mayRepeatEnds: true }),
    act: (ring) => void ring.put(wholeEnd({ ...end, at: at(3) }), wholeEnd({ ...end, at: at(3) })),
  });
  assert.deepEqual(members(lines, 'event', 'pid'), [['exit', 42]]);
});

for (const [argv, world, says] of [
  [
    ['--source', 'bpf', '-e', 'uid,fork'],
    {},
    /^procwatch: --events: uid is told by the proc connector alone, and not by /,
  ],
  [['--source', 'bpf', '-e', 'all'], {}, /--events: uid, gid, sid, ptrace, comm, coredump are told by/],
  [['-e', 'sid'], { connector: { kind: 'refusing' } }, /--events: sid is told .* not to be had here: .*ECONNREFUSED/],
] as const) {
  test(`events that programs cannot tell are refused by name: ${argv.join(' ')}`, async () => {
    const { code, host } = await watching(argv, world);
    assert.equal(code, 2);
    assert.match(host.stderr.text, says);
    assert.match(host.stderr.text, /\nhint: leave (?:it|them) out of --events: .* fork, exec, exit, /);
  });
}

test('programs that nobody wants are not asked', async () => {
  const connector = { kind: 'refusing' } as const;
  const { code, host } = await watching(['--argv-source', 'proc'], { connector });
  assert.equal(code, 69);
  assert.match(host.stderr.text, /; and programs in the kernel cannot .*: --argv-source proc asks for no program/);
  const contradiction = await watching(['--source', 'bpf', '--argv-source', 'proc']);
  assert.equal(contradiction.code, 2);
});

test('without rights the refusal names what is missing, and what to do', async () => {
  const host = new ScriptedHost({ argv: ['--source', 'bpf'] });
  host.ring = { reason: 'cannot create an array: EPERM (operation not permitted)' };
  assert.equal(await main(host), 77);
  assert.match(
    host.stderr.text,
    /^procwatch: programs in the kernel cannot tell events .*EPERM.*\nhint: sudo, or CAP_BPF/,
  );
});

test('in a pid namespace of its own it says whose pids are told, and reads nobody under them', async () => {
  const ring = new ScriptedRingSource({ foreign: { self: 7000, proc: 'others' } });
  const { lines, host } = await watching(['--meta', '--tree', '42'], {
    ring,
    connector: { kind: 'silent' },
    circumstances: { initialPidNamespace: false },
    act(_, scripted) {
      // Others of our own namespace, under the numbers of strangers.
      scripted.reader.set(42, { comm: 'other', args: ['other'] });
      ring.put(
        birthRecord({ at: at(1), start: at(1), tgid: 43, ppid: 42, comm: 'sh' }),
        endRecord({ at: at(2), start: at(1), tgid: 43, ppid: 42, comm: 'sh' }),
        birthRecord({ at: at(3), start: at(3), tgid: 44, ppid: 41, comm: 'sh' }),
      );
    },
  });
  assert.match(
    host.stderr.text,
    /^procwatch: this is a pid namespace of its own: pids are those of the initial namespace; /,
  );
  assert.equal(lines[0].pid_namespace, 'initial');
  // The root was there before, and nobody could see it.
  assert.deepEqual(members(lines.slice(1, -1), 'event', 'pid', 'comm', 'args', 'parent_comm'), [
    ['fork', 43, 'sh', undefined, undefined],
    ['exit', 43, 'sh', undefined, undefined],
  ]);
});
