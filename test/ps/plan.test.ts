/** What the options of `ps` mean: whom the walk is confined to, what is read before and after the choice, and what contradicts itself. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readOptions } from '../../src/commands/options.ts';
import { PS_OPTIONS } from '../../src/commands/ps-options.ts';
import { Failure } from '../../src/errors.ts';
import { FIELDS } from '../../src/format/fields.ts';
import { SELECT_ALL, type Selection } from '../../src/process/select.ts';
import { GROUP_NAMES, TASK_FIELDS } from '../../src/ps/fields.ts';
import { planPs } from '../../src/ps/plan.ts';

type Typed = Parameters<typeof readOptions>[1];

const plan = (typed: Typed = {}, selection: Partial<Selection> = {}, isTerminal = false) =>
  planPs(readOptions(PS_OPTIONS, typed), { ...SELECT_ALL, ...selection }, isTerminal);
const names = (fields: readonly { readonly name: string }[]): string[] => fields.map(({ name }) => name);
const wanted = <T>(...values: T[]) => ({ wanted: values, unwanted: [] });
const refuses = (pattern: RegExp, run: () => unknown): void =>
  assert.throws(run, (error) => error instanceof Failure && error.exit === 'usage' && pattern.test(error.message));

test('without options everybody is walked once and nothing but the names of kernel threads is read', () => {
  const { dump, only, toSelect, toShow, format } = plan();
  assert.deepEqual(
    { dump, only, toSelect, toShow, format },
    {
      dump: { threads: false },
      only: undefined,
      toSelect: [],
      toShow: ['comm'],
      format: 'table',
    },
  );
});

test('the default is a tree on a terminal and a table elsewhere', () => {
  assert.equal(plan({}, {}, true).format, 'pretty');
  assert.equal(plan({ columns: ['pid'] }, {}, true).format, 'table');
  assert.equal(plan({ json: [''] }, {}, true).format, 'json');
});

test('the children of one process are chosen in the kernel, those of several here', () => {
  assert.deepEqual(plan({ children: ['7'] }).dump, { threads: false, ppid: 7 });
  assert.deepEqual(plan({ children: ['7,8'] }).dump, { threads: false });
});

test('whoever asks for a tree gets everybody looked at', () => {
  const { dump, only } = plan({ children: ['7'] }, { tree: wanted(5), pid: wanted(6) });
  assert.deepEqual({ dump, only }, { dump: { threads: false }, only: undefined });
});

test('named processes are the only ones to be looked at', () => {
  assert.deepEqual(plan({}, { pid: wanted(6, 9) }).only, [6, 9]);
  assert.deepEqual(plan({}, { pid: wanted(6) }).dump, { threads: false, pid: 6 });
});

test('what selects is read before the choice, and not again after it', () => {
  const { toSelect, toShow } = plan({ show: ['base,args'] }, { name: wanted(() => true), uid: wanted(0) });
  assert.deepEqual([...toSelect].sort(), ['cmdline', 'comm', 'exe', 'uids']);
  assert.deepEqual(toShow, []);
});

test('only the files of the columns are read, and of the field to sort by', () => {
  assert.deepEqual(plan({ columns: ['pid,user'] }).toShow, ['uids']);
  assert.deepEqual(plan({ columns: ['pid'], sort: ['-rss_kib'] }).toShow, ['status']);
  assert.deepEqual(plan({ columns: ['user,rgid'] }).toShow, ['status']);
});

test('every group shows its fields in JSON, in the order of the table', () => {
  for (const group of GROUP_NAMES) {
    const expected = names(TASK_FIELDS.filter((field) => field.group === group));
    assert.deepEqual(names(plan({ json: [''], show: [group] }).fields), expected);
  }
});

test('a field that watch has too has its type', () => {
  const types = new Map(FIELDS.map(({ name, type }) => [name, type]));
  const shared = TASK_FIELDS.filter(({ name }) => types.has(name));
  assert.ok(shared.length > 20, `${shared.length} shared`);
  for (const { name, type } of shared) assert.equal(type, types.get(name), name);
});

test('contradictions are refused', () => {
  refuses(/--json and --format table contradict/, () => plan({ json: [''], format: ['table'] }));
  refuses(/--columns is for/, () => plan({ columns: ['pid'], format: ['pretty'] }));
  refuses(/--all and the choice of some/, () => plan({ all: [''], children: ['1'] }));
});

test('a group, a column or a field to sort by that is misspelt is named with the nearest', () => {
  refuses(/--show: unknown name "memori"; did you mean "memory"/, () => plan({ show: ['memori'] }));
  refuses(/--columns: unknown name "rss_kb"/, () => plan({ columns: ['rss_kb'] }));
  refuses(/--sort: unknown name "rss_kb"/, () => plan({ sort: ['-rss_kb'] }));
});
