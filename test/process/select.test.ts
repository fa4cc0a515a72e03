/** The selection as one predicate: AND between kinds, OR within one, and each negation. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Sender } from '../../src/cause/end-cause.ts';
import { globMatcher, type Matcher, regexMatcher } from '../../src/process/patterns.ts';
import type { ProcessRecord } from '../../src/process/record.ts';
import { type Choice, SELECT_ALL, type Selection, Selector } from '../../src/process/select.ts';

const RECORD: ProcessRecord = {
  event: 'exec',
  at: { seconds: 0, nanos: 0 },
  cpu: 0,
  pid: 10,
  tid: 10,
  ppid: 1,
  parentComm: undefined,
  image: { comm: 'cc1', exe: '/usr/lib/gcc/cc1plus', args: ['/usr/bin/c++', '-O2', 'main.cc'], uid: 1000 },
  imageOf: undefined,
  ancestry: undefined,
  cgroup: '/system.slice/build.service',
  thread: false,
  inferred: false,
  exit: undefined,
  ids: undefined,
  tracer: undefined,
};
const ended = (waitStatus: number | undefined): ProcessRecord => ({
  ...RECORD,
  event: 'exit',
  exit: { waitStatus, start: undefined, duration: undefined },
});

const killedBy = (over: Partial<Sender>): ProcessRecord => {
  const who = { pid: 7, comm: 'oomd', uid: 0, start: RECORD.at, isEnding: false, isItself: false, ...over };
  return {
    ...ended(9),
    exit: { waitStatus: 9, start: undefined, duration: undefined, cause: { cause: 'signal', sender: who } },
  };
};

const only = <T>(...wanted: T[]): Choice<T> => ({ wanted, unwanted: [] });
const not = <T>(...unwanted: T[]): Choice<T> => ({ wanted: [], unwanted });
const shows = (selection: Partial<Selection>, record = RECORD): boolean =>
  new Selector({ ...SELECT_ALL, ...selection }).shows(record);

test('with no selection everything is shown', () => {
  assert.equal(new Selector(SELECT_ALL).takesAll, true);
  assert.equal(shows({}), true);
});

test('several values of one kind are alternatives', () => {
  assert.equal(shows({ uid: only(0, 1000) }), true);
  assert.equal(shows({ uid: only(0, 1) }), false);
  assert.equal(shows({ name: only(globMatcher('nope'), globMatcher('cc?')) }), true);
});

test('different kinds must all match', () => {
  assert.equal(shows({ uid: only(1000), grep: only(regexMatcher('-O2')) }), true);
  assert.equal(shows({ uid: only(1000), grep: only(regexMatcher('-O3')) }), false);
});

test('a negation takes away, also from what the same kind wants', () => {
  assert.equal(shows({ uid: not(1000) }), false);
  assert.equal(shows({ uid: not(0) }), true);
  assert.equal(shows({ name: { wanted: [globMatcher('cc*')], unwanted: [globMatcher('c++')] } }), false);
});

test('a name is the comm, or the base name of the program or of the first argument', () => {
  for (const name of ['cc1', 'cc1plus', 'c++'])
    assert.equal(shows({ name: only((text) => text === name) }), true, name);
  assert.equal(shows({ name: only(globMatcher('main.cc')) }), false);
});

test('a command line is matched over all its arguments, joined by blanks', () => {
  assert.equal(shows({ grep: only(regexMatcher('c\\+\\+ -O2 main')) }), true);
});

test('what is unknown is not what was wanted, and not what was unwanted', () => {
  const unknown = { ...RECORD, image: {}, cgroup: undefined };
  for (const choice of [only, not]) {
    const expected = choice === not;
    assert.equal(shows({ uid: choice(5) }, unknown), expected);
    assert.equal(shows({ name: choice(() => true) }, unknown), expected);
    assert.equal(shows({ grep: choice(() => true) }, unknown), expected);
    assert.equal(shows({ cgroup: choice(() => true) }, unknown), expected);
  }
});

test('a control group is matched as a whole path', () => {
  assert.equal(shows({ cgroup: only(globMatcher('/system.slice/*')) }), true);
  assert.equal(shows({ cgroup: only(globMatcher('system.slice')) }), false);
});

test('codes and signals choose among ends, and an event that is no end has neither', () => {
  assert.equal(shows({ code: only(3) }, ended(0x300)), true);
  assert.equal(shows({ code: only(3) }, ended(0x400)), false);
  assert.equal(shows({ code: only(9) }, ended(9)), false);
  assert.equal(shows({ signal: only(9) }, ended(9)), true);
  assert.equal(shows({ signal: only(11) }, ended(139)), true);
  assert.equal(shows({ code: only(0) }), false);
  assert.equal(shows({ code: only(0) }, ended(undefined)), false);
});

test('a wanted code and a wanted signal are alternatives, since no process ends by both', () => {
  const either = { code: only(3), signal: only(9) };
  assert.equal(shows(either, ended(0x300)), true);
  assert.equal(shows(either, ended(9)), true);
  assert.equal(shows(either, ended(0)), false);
});

test('an unwanted code or signal takes away its ends alone', () => {
  assert.equal(shows({ code: not(0) }, ended(0)), false);
  assert.equal(shows({ code: not(0) }, ended(0x100)), true);
  assert.equal(shows({ signal: not(15) }, ended(15)), false);
  assert.equal(shows({ signal: not(15) }, ended(9)), true);
});

test('before anything is read, ids, trees and a known user decide', () => {
  const may = (selection: Partial<Selection>, image = {}): boolean =>
    new Selector({ ...SELECT_ALL, ...selection }).mayShow({ pid: 10, trees: [5], image });
  assert.equal(may({ pid: only(10) }), true);
  assert.equal(may({ pid: only(11) }), false);
  assert.equal(may({ pid: not(10) }), false);
  assert.equal(may({ tree: only(5) }), true);
  assert.equal(may({ tree: not(5) }), false);
  assert.equal(may({ uid: only(0) }, { uid: 1000 }), false);
  assert.equal(may({ uid: only(0) }), true);
  assert.equal(may({ name: only(() => false) }), true);
});

test('a cause is wanted or not, and what is not known is not wanted', () => {
  assert.equal(shows({ cause: only('signal', 'fault') }, killedBy({})), true);
  assert.equal(shows({ cause: only('fault') }, killedBy({})), false);
  assert.equal(shows({ cause: not('signal') }, killedBy({})), false);
  for (const unknown of [RECORD, ended(9)]) {
    assert.equal(shows({ cause: only('signal') }, unknown), false);
    assert.equal(shows({ cause: not('signal') }, unknown), true);
  }
});

test('a killer is a pid, a name, or the base name of its first argument', () => {
  const record = killedBy({ args: ['/usr/bin/reaper.py', '--now'] });
  assert.equal(shows({ killer: only<number | Matcher>(7) }, record), true);
  assert.equal(shows({ killer: only<number | Matcher>(8) }, record), false);
  for (const name of ['oomd', 'reaper*']) {
    assert.equal(shows({ killer: only<number | Matcher>(globMatcher(name)) }, record), true, name);
    assert.equal(shows({ killer: not<number | Matcher>(globMatcher(name)) }, record), false, name);
  }
  assert.equal(shows({ killer: only<number | Matcher>(globMatcher('*')) }, ended(9)), false);
});

test('a script goes by its whole name, however it was started, and whoever asks', () => {
  const script = 'my-nightly-backup-job.sh';
  const named = (image: ProcessRecord['image']) => shows({ name: only(globMatcher(script)) }, { ...RECORD, image });
  const comm = script.slice(0, 15);
  assert.equal(named({ comm, exe: '/bin/bash', args: ['/bin/bash', `/opt/${script}`, 'x'] }), true);
  assert.equal(named({ comm, exe: '/bin/bash', args: ['/bin/bash', '-e', `./${script}`] }), true);
  assert.equal(named({ comm: 'bash', exe: '/bin/bash', args: ['bash', script] }), true);
  assert.equal(named({ comm: 'python3', args: ['python3', `/opt/${script}`] }), true);
  assert.equal(named({ comm, exe: '/bin/bash', path: `/opt/${script}` }), true);
  assert.equal(named({ comm: 'cat', exe: '/bin/cat', args: ['cat', script] }), false);
});
