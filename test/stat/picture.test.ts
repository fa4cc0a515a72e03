/** The live picture and the table at the end: what they look like, that they fit, and that no name does anything to the terminal. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import stringWidth from 'string-width';
import type { ProcessRecord } from '../../src/process/record.ts';
import { Census } from '../../src/stat/census.ts';
import { asJson, asTable } from '../../src/stat/final-report.ts';
import { GROUPINGS } from '../../src/stat/grouping.ts';
import { picture, type Scene } from '../../src/stat/picture.ts';
import { foreignName, shownName } from '../../src/stat/row-names.ts';
import { ENTER, frame, LEAVE } from '../../src/stat/screen.ts';
import { sparkline } from '../../src/stat/sparkline.ts';
import { birthsIn, loadIn } from '../../src/stat/system.ts';
import { broken, ended, HAZARDS, lost, rawHazards, record } from '../support/records.ts';
import { usage } from '../support/usage.ts';

const BEGIN = { seconds: 1000, nanos: 0 };
const NOW = { seconds: 1010, nanos: 0 };
const grouping = GROUPINGS.command;
const nobody = (): undefined => undefined;

function story(): Census {
  const census = new Census(grouping, BEGIN);
  const fork = (second: number): ProcessRecord =>
    record({ event: 'fork', image: { comm: 'make' }, at: { seconds: second, nanos: 0 } });
  for (let second = 1001; second <= 1010; second++) {
    census.take(Array.from({ length: second - 1000 }, () => fork(second)));
  }
  const cc1 = ended(0x100, { image: { comm: 'cc1' } });
  const exit = { ...cc1.exit, waitStatus: 0x100, start: undefined, duration: { seconds: 2.5, exact: true } };
  census.take([
    record({ image: { comm: 'cc1' } }),
    { ...cc1, exit: { ...exit, usage: usage({ cpuNanos: 2.25e9, maxRssKib: 51_200 }) } },
    record({ image: {} }),
    lost({ count: 7 }),
  ]);
  return census;
}

function scene(over: Partial<Scene> = {}, census = story()): Scene {
  return {
    by: 'command',
    sort: 'forks',
    withUsage: true,
    colour: false,
    elapsedSeconds: 10,
    rows: census.rows(NOW, 'now'),
    total: census.total(NOW, 'now'),
    losses: census.losses,
    refused: 0,
    birthsPerSecond: 12.5,
    load: '0.10 0.20 0.30',
    nameOf: (row) => shownName(row, grouping, nobody),
    ...over,
  };
}

test('the picture has a header, rows and keys', () => {
  assert.deepEqual(
    picture(scene(), { width: 120, height: 9 }).map((line) => line.trimEnd()),
    [
      'procwatch stat by command, for 10.0s  lost 7 overrun',
      'machine: 12.5 births/s, threads too  load 0.10 0.20 0.30',
      'forks 55 (13.5/s)  execs 2 (0/s)  exits 1 (0/s)  failures 1 (0/s)',
      'COMMAND                  FORKS      /S     EXECS     EXITS  FAILURES   MEDIAN      CPU  MEMORY  FORKS BY SECOND',
      `make                        55    13.5         0         0         0                           ${' '.repeat(15)}${sparkline([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])}`,
      'cc1                          0       0         1         1         1    2.50s    2.25s     50M',
      '(unknown)                    0       0         1         0         0',
      'q quit  sort: f forks, e execs, x exits, a failures, m median, l longest, c cpu, r memory',
    ],
  );
});

test('no line is wider and no picture higher than the window, whatever its size', () => {
  for (let width = 1; width < 200; width += 7) {
    for (let height = 1; height < 12; height++) {
      const lines = picture(scene(), { width, height });
      assert.ok(lines.length <= height, `${width}x${height}`);
      for (const line of lines) assert.ok(stringWidth(line) <= width, `${width}x${height}: ${line}`);
    }
  }
});

test('in a wide window every column is there, in a narrow one those of the lowest rank', () => {
  const head = (width: number): string => picture(scene(), { width, height: 10 })[3];
  assert.match(head(200), /FORKS +\/S +EXECS +\/S +EXITS +\/S +FAILURES +\/S +MEDIAN +LONGEST +CPU +MEMORY/);
  assert.match(head(36), /^COMMAND +FORKS +\/S$/);
});

test('rows are sorted by the column that was chosen', () => {
  const first = (sort: string): string => picture(scene({ sort }), { width: 100, height: 10 })[4].split(' ')[0];
  assert.equal(first('forks'), 'make');
  assert.equal(first('cpu_s'), 'cc1');
});

/** A census of names that attack the terminal. */
function attack(): Census {
  const census = new Census(grouping, BEGIN);
  const texts = [...HAZARDS, '\x1b[2J\x1b[31m', '\x1b]0;title\x07', '\u202eevil'];
  for (const comm of [...texts, broken(0x9b, 0x33, 0x31, 0x6d)]) census.take([record({ image: { comm } })]);
  return census;
}

test('names with escape sequences are harmless in the picture, in the table and in JSON', () => {
  const census = attack();
  const parts = { rows: census.rows(NOW, 'now'), total: census.total(NOW, 'now'), losses: census.losses, refused: 0 };
  const report = { by: 'command', sort: 'forks', withUsage: false, ...parts } as const;
  const name = (row: (typeof parts.rows)[number]): string => shownName(row, grouping, nobody);
  const json = asJson(report, (row) => foreignName(row, grouping, nobody));
  const drawn = picture(scene({ ...parts, nameOf: name }), { width: 100, height: 200 }).join('\n');
  for (const text of [drawn, asTable(report, name), json]) assert.deepEqual(rawHazards(text), []);
  for (const line of json.trimEnd().split('\n')) JSON.parse(line);
});

test('the table at the end has all columns, a sum, and what was lost', () => {
  const census = story();
  const parts = { rows: census.rows(NOW, 'average'), total: census.total(NOW, 'average'), losses: census.losses };
  const text = asTable({ by: 'command', sort: 'forks', withUsage: true, refused: 2, ...parts }, (row) =>
    shownName(row, grouping, nobody),
  );
  assert.deepEqual(
    text.split('\n').map((line) => line.trim().split(/ {2,}/)),
    [
      ['COMMAND', 'FORKS', 'FORKS/S', 'EXECS', 'EXECS/S', 'EXITS', 'EXITS/S', 'FAILURES', 'FAILURES/S'].concat([
        'MEDIAN',
        'LONGEST',
        'CPU',
        'MEMORY',
      ]),
      ['make', '55', '5.5', '0', '0', '0', '0', '0', '0'],
      ['cc1', '0', '0', '1', '0.1', '1', '0.1', '1', '0.1', '2.50s', '2.50s', '2.25s', '50M'],
      ['(unknown)', '0', '0', '1', '0.1', '0', '0', '0', '0'],
      ['all', '55', '5.5', '2', '0.2', '1', '0.1', '1', '0.1', '2.50s', '2.50s', '2.25s', '50M'],
      ['lost: 7 (7 overrun)'],
      ['refused: 2'],
      [''],
    ],
  );
});

test('JSON has the columns as members, leaves out what is unknown, and marks what was folded', () => {
  const census = story();
  for (let i = 0; i < 2001; i++) census.take([record({ image: { comm: `n${i}` } })]);
  const parts = { rows: census.rows(NOW, 'average'), total: census.total(NOW, 'average'), losses: census.losses };
  const text = asJson({ by: 'command', sort: 'forks', withUsage: true, refused: 0, ...parts }, ({ name }) => name);
  const rows = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(rows[0], {
    command: 'make',
    forks: 55,
    forks_per_s: 5.5,
    execs: 0,
    execs_per_s: 0,
    exits: 0,
    exits_per_s: 0,
    failures: 0,
    failures_per_s: 0,
  });
  const cc1 = rows.find(({ command }) => command === 'cc1');
  assert.deepEqual([cc1.cpu_s, cc1.max_rss_kib, cc1.median_s], [2.25, 51_200, 2.5]);
  const others = rows.at(-1);
  assert.equal('command' in others, false);
  assert.ok(others.folded > 900);
});

test('a user is shown by name, and by number until the name is known', () => {
  const census = new Census(GROUPINGS.user, BEGIN);
  census.take([record()]);
  const [row] = census.rows(NOW, 'now');
  assert.equal(
    shownName(row, GROUPINGS.user, () => 'ada'),
    'ada',
  );
  assert.equal(shownName(row, GROUPINGS.user, nobody), '1000');
});

test('a history line is blank where nothing was, and full at its highest', () => {
  assert.equal(sparkline([0, 1, 8, 4]), ' ▁█▄');
  assert.equal(sparkline([0, 0]), '  ');
});

test('a frame replaces the one before in place, and clears all of it in a new window', () => {
  assert.equal(frame(['ab', 'abcd'], 4, false), '\x1b[Hab\x1b[K\r\nabcd\x1b[J');
  assert.ok(frame(['a'], 4, true).startsWith('\x1b[2J'));
  assert.equal(frame(['\x1b[1mabcd\x1b[22m'], 4, false), '\x1b[H\x1b[1mabcd\x1b[22m\x1b[J');
});

test('everything that is switched on is switched off again', () => {
  const modes = (text: string, sign: string): string[] =>
    [...text.matchAll(/\[\?(\d+)([hl])/g)]
      .filter(([, , on]) => on === sign)
      .map(([, mode]) => mode)
      .sort();
  assert.deepEqual(modes(ENTER, 'h'), modes(LEAVE, 'l'));
  assert.deepEqual(modes(ENTER, 'l'), modes(LEAVE, 'h'));
});

test('the machine’s own numbers are read, and nothing is made of other text', () => {
  assert.equal(birthsIn('cpu 1 2\nprocesses 123456\nprocs_running 1\n'), 123_456);
  assert.equal(birthsIn('nothing'), undefined);
  assert.equal(loadIn('0.10 0.20 0.30 1/234 5678\n'), '0.10 0.20 0.30');
  assert.equal(loadIn(''), undefined);
});
