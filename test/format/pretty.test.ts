/** The lines a person reads: every kind in words, cut to the window, coloured only when asked, and safe. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PrettyFormatter } from '../../src/format/pretty.ts';
import { widthOf } from '../../src/format/width.ts';
import type { ProcessRecord, StreamRecord } from '../../src/process/record.ts';
import { broken, context, ended, HAZARDS, lost, rawHazards, record } from '../support/records.ts';

process.env.TZ = 'UTC';

const pretty = (of: StreamRecord, width?: number, colour = false): string =>
  new PrettyFormatter(context, { colour, width: () => width, header: false }).format(of);

/** The last column. */
const what = (over: Partial<ProcessRecord>): string =>
  pretty(record(over)).slice('01:46:40.001  exec         4242  17 sh               ada       '.length).trimEnd();

test('a line has time, event, pid, parent, user and what happened, in columns', () => {
  assert.equal(pretty(record()), "01:46:40.001  exec         4242  17 sh               ada       cat 'a file'\n");
});

test('each kind is told in words', () => {
  const end = (status: number | undefined, over: Partial<ProcessRecord> = {}): string => what(ended(status, over));
  assert.equal(what({ event: 'fork', imageOf: 'inherited' }), "(cat 'a file')");
  assert.equal(end(0), "exit 0 after 2.50s · cat 'a file'");
  assert.equal(end(0x300), "exit 3 after 2.50s · cat 'a file'");
  assert.equal(end(139), "SIGSEGV (core dumped) after 2.50s · cat 'a file'");
  assert.equal(end(9), "SIGKILL after 2.50s · cat 'a file'");
  assert.match(end(undefined, { inferred: true }), /status unknown/);
  assert.equal(end(0x100, { thread: true, tid: 4243 }), "thread 4243: exit 1 after 2.50s · cat 'a file'");
  assert.equal(what({ event: 'clone', tid: 4243 }), "thread 4243 of cat 'a file'");
  assert.equal(what({ event: 'uid', ids: { real: 0, effective: 0 } }), "user root · cat 'a file'");
  assert.equal(what({ event: 'uid', ids: { real: 1000, effective: 0 } }), "user ada, acting as root · cat 'a file'");
  assert.equal(what({ event: 'gid', ids: { real: 5, effective: 5 } }), "group 5 · cat 'a file'");
  assert.equal(what({ event: 'sid' }), "new session · cat 'a file'");
  assert.equal(what({ event: 'ptrace', tracer: { pid: 7, tid: 7 } }), "traced by 7 · cat 'a file'");
  assert.equal(what({ event: 'ptrace' }), "let go by its tracer · cat 'a file'");
  assert.equal(what({ event: 'comm' }), "now named cat · cat 'a file'");
  assert.equal(what({ event: 'coredump' }), "dumps core · cat 'a file'");
  assert.equal(what({ event: 'found' }), "found after a loss · cat 'a file'");
});

test('without arguments the name stands in brackets, and too late is said in words', () => {
  assert.equal(what({ image: { comm: 'kworker/0:1' } }), '[kworker/0:1]');
  assert.equal(what({ image: {} }), '?');
  assert.equal(what({ image: { comm: 'x', missing: 'gone' } }), '[x] (gone before its arguments could be read)');
});

test('a loss says how many, why and since when', () => {
  assert.equal(
    pretty(lost()),
    "01:46:41.000  lost      1,234 events were lost: the kernel's queue for us was full (since 01:46:40.500)\n",
  );
  assert.match(pretty(lost({ reason: 'output', count: 5 })), /5 records were dropped: the reader/);
  assert.match(pretty(lost({ reason: 'starved', count: undefined })), /an unknown number of events were lost/);
});

test('start and end records are not for this format', () => {
  assert.equal(pretty({ event: 'start', at: { seconds: 0, nanos: 0 }, facts: {} }), '');
});

test('a line is never wider than the window, whatever it holds', () => {
  const images = [
    { comm: 'a', args: ['x'.repeat(500)] },
    { comm: '名前', args: ['日本語'.repeat(60)] },
    { args: ['e\u0301'.repeat(300), '👩‍👩‍👧'.repeat(40)] },
  ];
  for (const image of images) {
    for (let width = 1; width < 140; width++) {
      for (const of of [record({ image }), ended(139, { image }), lost()]) {
        const line = pretty(of, width).trimEnd();
        assert.ok(widthOf(line) <= width, `${widthOf(line)} cells in a window of ${width}: ${line}`);
      }
    }
  }
});

test('a line that was cut shows it, and one that fits is whole', () => {
  const long = record({ image: { args: ['x'.repeat(200)] } });
  assert.match(pretty(long, 100), /x…\n$/);
  assert.equal(pretty(record(), 100), pretty(record()));
});

test('off a terminal a line is whole', () => {
  assert.ok(pretty(record({ image: { args: ['x'.repeat(10_000)] } })).includes('x'.repeat(10_000)));
});

test('there is colour when it is asked for, and the text is the same', () => {
  const plain = pretty(ended(139));
  const coloured = pretty(ended(139), undefined, true);
  assert.equal(plain.includes('\x1b'), false);
  assert.notEqual(coloured, plain);
  assert.equal(coloured.replace(/\x1b\[\d+m/g, ''), plain);
});

test('a header stands only where it is asked for', () => {
  const options = { colour: false, width: () => 100 };
  assert.equal(new PrettyFormatter(context, { ...options, header: false }).header(), '');
  assert.match(
    new PrettyFormatter(context, { ...options, header: true }).header(),
    /^TIME +EVENT +PID +PARENT +USER +WHAT\n$/,
  );
});

test('nothing foreign in any column reaches the terminal raw', () => {
  for (const hazard of [...HAZARDS, '\x1b]0;x\x07']) {
    const nasty = `a${hazard}b`;
    const formatter = new PrettyFormatter(
      { ...context, userName: () => nasty },
      { colour: false, width: () => undefined, header: false },
    );
    for (const event of [
      'fork',
      'exec',
      'exit',
      'clone',
      'uid',
      'gid',
      'sid',
      'ptrace',
      'comm',
      'coredump',
      'found',
    ] as const) {
      for (const args of [[nasty], undefined]) {
        const image = { comm: nasty, ...(args !== undefined && { args }), uid: 5 };
        const line = formatter.format(
          record({ event, image, parentComm: nasty, ids: { real: 5, effective: 6 }, exit: ended(0).exit }),
        );
        assert.deepEqual(rawHazards(line), [], `${event} ${JSON.stringify(hazard)}`);
        assert.equal(line.indexOf('\n'), line.length - 1);
      }
    }
  }
  assert.match(pretty(record({ image: { args: [broken(0xff, 0x1b)] } })), /\\xff\\x1b/);
});
