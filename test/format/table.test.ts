/** Streamed rows: columns of one table, whole off a terminal, cut and headed again on one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { columnsFor, SPARE_COLUMNS } from '../../src/format/columns.ts';
import type { Field } from '../../src/format/field.ts';
import { FIELDS, fieldNamed, fieldsOf } from '../../src/format/fields.ts';
import { TableFormatter } from '../../src/format/table.ts';
import { widthOf } from '../../src/format/width.ts';
import { broken, context, ended, HAZARDS, lost, rawHazards, record } from '../support/records.ts';

process.env.TZ = 'UTC';

const DEFAULT_COLUMNS = columnsFor(['fork', 'exec', 'exit'], false);
const columns = (names: readonly string[]): Field[] => names.flatMap((name) => fieldNamed(name) ?? []);
const table = (names = DEFAULT_COLUMNS, window?: { width: number; height: number }): TableFormatter =>
  new TableFormatter(context, { columns: columns(names), colour: false, screen: () => window });

test('the header names the columns as the fields are named, in the order asked for', () => {
  assert.match(table(['pid', 'comm', 'exit_code']).header(), /^ *PID {2}COMM +EXIT_CODE\n$/);
});

test('a row has each value under its header, and nothing where it is unknown', () => {
  const format = table(['pid', 'exit_code', 'signal', 'comm']);
  const [head, byCode, bySignal, neither] = [
    format.header(),
    format.format(ended(0x300)),
    format.format(ended(9)),
    format.format(record()),
  ];
  const at = (line: string, name: string): string =>
    line.slice(head.indexOf(name), head.indexOf(name) + name.length).trim();
  assert.deepEqual([at(byCode, 'EXIT_CODE'), at(byCode, 'SIGNAL')], ['3', '']);
  assert.deepEqual([at(bySignal, 'EXIT_CODE'), at(bySignal, 'SIGNAL')], ['', 'SIGKIL']);
  assert.deepEqual([at(neither, 'EXIT_CODE'), at(neither, 'COMM')], ['', 'cat']);
});

test('off a terminal no cell is cut and no header comes again', () => {
  const format = table(['comm', 'args']);
  const long = 'x'.repeat(300);
  const row = format.format(record({ image: { comm: long, args: [long] } }));
  assert.equal(row, `${long}  ${long}\n`);
  for (let i = 0; i < 200; i++) assert.equal(format.format(record()).split('\n').length, 2);
});

test('on a terminal rows are never wider than the window, and columns stay under their headers', () => {
  const wide = record({ image: { comm: '名'.repeat(30), args: ['日本語'.repeat(50)], exe: 'y'.repeat(99) } });
  for (let width = 1; width < 150; width += 3) {
    const format = table(['pid', 'comm', 'exe', 'user', 'args'], { width, height: 1000 });
    for (const line of [format.header(), format.format(wide), format.format(lost())]) {
      if (!line.includes('lost')) assert.ok(widthOf(line.trimEnd()) <= width, `${width}: ${line}`);
    }
  }
});

test('on a terminal the header comes again for each screen', () => {
  const format = table(['pid'], { width: 80, height: 5 });
  const screen: string[] = [format.header()];
  for (let i = 0; i < 12; i++) screen.push(format.format(record()));
  const lines = screen.join('').trimEnd().split('\n');
  const heads = lines.flatMap((line, i) => (line.includes('PID') ? [i] : []));
  assert.deepEqual(heads, [0, 5, 10]);
});

test('a loss is a row too', () => {
  assert.equal(table().format(lost()), '01:46:41.000  lost  1234  overrun\n');
  assert.match(table().format(lost({ count: undefined, reason: 'starved' })), /unknown number {2}starved/);
});

test('every column can be shown, and none lets anything foreign through raw', () => {
  for (const hazard of [...HAZARDS, '\x1b]0;x\x07']) {
    const nasty = `a${hazard}b`;
    const of = ended(0, {
      image: { comm: nasty, args: [nasty], exe: nasty, cwd: nasty, uid: 5 },
      parentComm: nasty,
      cgroup: `/${nasty}/${nasty}.service/lxc/${nasty}`,
      ancestry: [{ pid: 1, comm: nasty }],
    });
    const format = new TableFormatter(
      { ...context, userName: () => nasty },
      { columns: FIELDS, colour: false, screen: () => undefined },
    );
    assert.deepEqual(rawHazards(format.format(of)), [], JSON.stringify(hazard));
  }
  assert.match(table(['comm']).format(record({ image: { comm: broken(0xff) } })), /\\xff/);
});

test('field names are unique, snake_case, and each says what it means', () => {
  const names = FIELDS.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  for (const { name, meaning, column } of FIELDS) {
    assert.match(name, /^[a-z]+(_[a-z]+)*$/);
    assert.ok(meaning.length > 0 && column.width > 0, name);
  }
});

test('the default columns exist, and each kind of record carries the common fields', () => {
  assert.equal(columns(DEFAULT_COLUMNS).length, DEFAULT_COLUMNS.length);
  for (const event of ['fork', 'exec', 'exit', 'clone', 'found'] as const) {
    const names = fieldsOf(event).map(({ name }) => name);
    for (const name of ['time', 'event', 'pid', 'tid', 'ppid', 'comm', 'args', 'user'])
      assert.ok(names.includes(name), name);
    assert.equal(names.includes('exit_code'), event === 'exit');
  }
});

test('the default columns tell what happened, whatever was selected', () => {
  assert.deepEqual(DEFAULT_COLUMNS, [
    ...['time', 'event', 'pid', 'ppid', 'user', 'exit_code', 'signal', 'duration_s', 'args'],
  ]);
  const others = columnsFor(['comm', 'uid', 'gid', 'ptrace', 'sid'], false);
  for (const name of ['comm', 'ruid', 'euid', 'rgid', 'egid', 'attached', 'tracer_pid'])
    assert.ok(others.includes(name));
  assert.ok(!others.includes('exit_code'));
});

test('on 80 columns no number that matters is cut, and arguments are to be seen', () => {
  const narrow = (events: Parameters<typeof columnsFor>[0]) =>
    new TableFormatter(context, {
      columns: columns(columnsFor(events, false)),
      spareColumns: SPARE_COLUMNS,
      colour: false,
      screen: () => ({ width: 80, height: 24 }),
    });
  const exits = narrow(['fork', 'exec', 'exit']);
  assert.match(exits.header(), /EXIT_CODE +SIGNAL +DURATION_S +ARGS/);
  const end = { waitStatus: 0x300, start: undefined, duration: { seconds: 12345.678901, exact: true } };
  assert.match(exits.format(ended(0x300, { exit: end })), / 3 .* 12345\.6789 +\S/);
  const changes = narrow(['comm', 'uid', 'gid', 'ptrace', 'sid']);
  for (const name of ['COMM', 'EUID', 'EGID', 'TRACER_PID'])
    assert.ok(changes.header().includes(name), changes.header());
  const traced = record({ event: 'ptrace', tracer: { pid: 4194303, tid: 4194303 } });
  assert.match(changes.format(traced), /4194303/);
});
