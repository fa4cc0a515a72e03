/** From what was typed to what it means: what is heard and shown, which colours, and which contradictions are refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readOptions, type Typed, WATCH_OPTIONS } from '../../src/commands/options.ts';
import { type Place, type Plan, planWatch } from '../../src/commands/plan.ts';
import { Failure } from '../../src/errors.ts';
import { hears, kernelMask } from '../../src/netlink/filter.ts';
import * as dg from '../support/datagrams.ts';
import { eventIn } from '../support/story.ts';

const PIPE: Place = { env: {}, isTerminal: false };
const plan = (typed: Typed = {}, place = PIPE): Plan => planWatch(readOptions(WATCH_OPTIONS, typed), place);
const events = (list: string, more: Typed = {}): Plan => plan({ events: [list], ...more });

const thread = { tid: 11, tgid: 10 };
const SAMPLES: Record<string, Uint8Array> = {
  fork: dg.fork(1, 10),
  clone: dg.fork(1, thread),
  exec: dg.exec(10),
  uid: dg.uid(10, 0, 0),
  gid: dg.gid(10, 0, 0),
  sid: dg.sid(10),
  ptrace: dg.ptrace(10, 20),
  comm: dg.comm(10, 'x'),
  'thread comm': dg.comm(thread, 'x'),
  coredump: dg.coredump(thread, 1),
  'exit 0': dg.exit(10, 0),
  'exit 3': dg.exit(10, 0x300),
  'thread exit': dg.exit(thread, 0x300),
};
const shown = (of: Plan): string[] => Object.keys(SAMPLES).filter((name) => of.shows(eventIn(SAMPLES[name])));
const heard = (of: Plan): string[] => Object.keys(SAMPLES).filter((name) => hears(of.hearing, eventIn(SAMPLES[name])));

const LISTS: [list: string, shown: string[]][] = [
  ['fork', ['fork']],
  ['clone', ['clone']],
  ['fork,clone', ['fork', 'clone']],
  ['exec', ['exec']],
  ['exit', ['exit 0', 'exit 3']],
  ['nonzero-exit', ['exit 3']],
  ['exit,nonzero-exit', ['exit 0', 'exit 3']],
  ['fork,nonzero-exit', ['fork', 'exit 3']],
  ['coredump', ['coredump']],
  ['uid,gid,sid', ['uid', 'gid', 'sid']],
  ['ptrace,comm', ['ptrace', 'comm']],
  ['all', ['fork', 'exec', 'uid', 'gid', 'sid', 'ptrace', 'comm', 'coredump', 'exit 0', 'exit 3']],
];
for (const [list, expected] of LISTS) {
  test(`--events ${list} shows the union of these, of processes`, () => {
    assert.deepEqual(shown(events(list)), expected);
    for (const name of expected) assert.ok(heard(events(list)).includes(name), `${name} is heard`);
  });
}

test('by default births, programs and ends are shown', () => {
  assert.deepEqual(shown(plan()), ['fork', 'exec', 'exit 0', 'exit 3']);
});

test('--threads adds the threads of what was asked for', () => {
  assert.deepEqual(shown(plan({ threads: [''] })), ['fork', 'clone', 'exec', 'exit 0', 'exit 3', 'thread exit']);
  assert.deepEqual(shown(events('comm', { threads: [''] })), ['comm', 'thread comm']);
});

test('a narrow selection stays narrow: the kernel is asked for nothing else', () => {
  assert.equal(kernelMask(events('exit').facts[0].hearing), 0x80000000);
  assert.equal(kernelMask(events('nonzero-exit').hearing), 0x20000000);
  assert.equal(kernelMask(events('exec').hearing), 0x2);
  assert.equal(kernelMask(events('clone').hearing), 0x1);
  assert.deepEqual(heard(events('clone')), ['clone']);
});

test('where nobody writes down at the end who it was, and since when, whole lives are heard for it', () => {
  assert.deepEqual(heard(events('exit')), heard(plan()));
  assert.deepEqual(shown(events('exit')), ['exit 0', 'exit 3']);
});

test('births of threads are not heard where only processes are shown', () => {
  assert.equal(heard(plan()).includes('clone'), false);
  assert.equal(heard(events('all')).includes('clone'), false);
});

test('with whole lives heard, names and users are heard too, and not shown', () => {
  assert.deepEqual(
    heard(plan()).filter((name) => name === 'uid' || name === 'comm'),
    ['uid', 'comm'],
  );
});

test('--lives shows ends alone, and hears whole lives', () => {
  const lives = plan({ lives: [''] });
  assert.deepEqual(shown(lives), ['exit 0', 'exit 3']);
  for (const name of ['fork', 'exec', 'exit 0']) assert.ok(heard(lives).includes(name));
  assert.deepEqual(shown(events('nonzero-exit', { lives: [''] })), ['exit 3']);
});

test('--tree needs every birth and end, whatever is shown', () => {
  const tree = events('sid', { tree: ['1'] });
  assert.deepEqual(shown(tree), ['sid']);
  for (const name of ['fork', 'exec', 'exit 0']) assert.ok(heard(tree).includes(name));
});

function refused(typed: Typed): Failure {
  try {
    plan(typed);
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  return assert.fail('it was accepted');
}

test('contradictions are refused before anything runs', () => {
  assert.equal(refused({ json: [''], format: ['table'] }).exit, 'usage');
  assert.match(refused({ columns: ['pid'] }).hint ?? '', /--format table/);
  assert.equal(plan({ json: [''], format: ['json'] }).format, 'json');
});

test('wrong values are refused with what is allowed', () => {
  assert.match(refused({ events: ['exti'] }).hint ?? '', /expected fork, exec/);
  assert.match(refused({ events: [''] }).message, /--events/);
  assert.match(refused({ signal: ['NOPE'] }).message, /no signal "NOPE"/);
  assert.match(refused({ columns: ['pid,nope'], format: ['table'] }).message, /--columns/);
  for (const pid of ['0', '4194305', 'x']) assert.match(refused({ pid: [pid] }).message, /--pid/);
});

const COLOURS: [string, Typed, Record<string, string>, isTerminal: boolean, colour: boolean][] = [
  ['a terminal', {}, {}, true, true],
  ['a pipe', {}, {}, false, false],
  ['a terminal with NO_COLOR', {}, { NO_COLOR: '1' }, true, false],
  ['an empty NO_COLOR', {}, { NO_COLOR: '' }, true, true],
  ['a dumb terminal', {}, { TERM: 'dumb' }, true, false],
  ['a pipe with FORCE_COLOR', {}, { FORCE_COLOR: '1' }, false, true],
  ['a terminal with FORCE_COLOR=0', {}, { FORCE_COLOR: '0' }, true, false],
  ['NO_COLOR against FORCE_COLOR', {}, { NO_COLOR: '1', FORCE_COLOR: '1' }, true, false],
  ['--color always into a pipe, against NO_COLOR', { color: ['always'] }, { NO_COLOR: '1' }, false, true],
  ['--color never on a terminal, against FORCE_COLOR', { color: ['never'] }, { FORCE_COLOR: '1' }, true, false],
];
for (const [name, typed, env, isTerminal, colour] of COLOURS) {
  test(`colour: ${name} is ${colour ? 'coloured' : 'plain'}`, () => {
    assert.equal(plan(typed, { env, isTerminal }).colour, colour);
  });
}

test('control groups are read only where a column, a filter or --full wants them', () => {
  assert.equal(plan().needsCgroup, false);
  assert.equal(plan({ full: [''] }).needsCgroup, true);
  assert.equal(plan({ cgroup: ['*'] }).needsCgroup, true);
  assert.equal(plan({ notCgroup: ['*'] }).needsCgroup, true);
  assert.equal(plan({ format: ['table'], columns: ['pid,unit'] }).needsCgroup, true);
});

test('every default is resolved', () => {
  const { format, bufferBytes, bufferWasAsked, count, durationMs, ordered, failOnLoss } = plan();
  assert.deepEqual(
    [format, bufferBytes, bufferWasAsked, count, durationMs, ordered, failOnLoss],
    ['pretty', 64 * 2 ** 20, false, undefined, undefined, true, false],
  );
  assert.equal(plan({ noOrder: [''] }).ordered, false);
  assert.equal(plan({ count: ['3', '5'] }).count, 5);
});

test('what is wanted of ends alone is refused where none are told', () => {
  for (const [name, text] of [
    ['code', '1'],
    ['signal', 'KILL'],
    ['cause', 'fault'],
    ['killedBy', 'bash'],
  ] as const) {
    assert.throws(
      () => events('fork', { [name]: [text] }),
      /^Failure: --\S+ chooses among ends, and none are asked for$/,
    );
    assert.doesNotThrow(() => events('fork,exit', { [name]: [text] }));
    assert.doesNotThrow(() => events('nonzero-exit', { [name]: [text] }));
    assert.doesNotThrow(() => events('fork', { [name]: [text], lives: [''] }));
  }
  assert.doesNotThrow(() => events('fork', { notCode: ['1'] }));
});
