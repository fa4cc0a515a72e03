/** Who sent a signal, in full: the arguments of the process that the kernel meant, and of no other. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EndCause, Sender } from '../../src/cause/end-cause.ts';
import { HeardSubjects } from '../../src/process/heard-subjects.ts';
import type { ProcessFacts } from '../../src/process/proc-reader.ts';
import { withSenders } from '../../src/process/senders.ts';
import { unknownProc } from '../../src/process/subjects.ts';
import type { Proc } from '../../src/process/table.ts';
import { ScriptedReader } from '../support/scripted-reader.ts';
import { seconds } from '../support/sent-signals.ts';

/** CLOCK_BOOTTIME is ahead by this much. */
const BOOT = seconds(10);
const BORN = 20;

const sender = (over: Partial<Sender> = {}): Sender => ({
  pid: 300,
  comm: 'oomd',
  uid: 0,
  start: seconds(BORN + 10),
  isEnding: false,
  isItself: false,
  ...over,
});

function told(procs: readonly Partial<Proc>[], by: Sender, facts?: ProcessFacts): EndCause {
  const subjects = new HeardSubjects(new ScriptedReader(), false);
  subjects.begin({ bootOffset: BOOT });
  for (const proc of procs) {
    const image = { comm: 'oomd', args: ['/bin/oomd', '-v'] };
    subjects.table.add({ ...unknownProc(300), start: seconds(BORN), startExact: true, image, ...proc });
  }
  const reader = { facts: () => facts };
  return withSenders({ cause: 'signal', sender: by }, { subjects, reader, wantsCgroup: false });
}

const argsOf = ({ sender: who }: EndCause) => who?.args;

test('the sender has the arguments that the table knows of it, also when it has ended', () => {
  assert.deepEqual(argsOf(told([{}], sender())), ['/bin/oomd', '-v']);
  assert.deepEqual(argsOf(told([{ ended: true }], sender())), ['/bin/oomd', '-v']);
});

test('another process of that number is not the sender, an earlier one of it may be', () => {
  assert.equal(argsOf(told([{ start: seconds(5) }], sender())), undefined);
  const later = { start: seconds(90), image: { comm: 'oomd', args: ['other'] } };
  assert.deepEqual(argsOf(told([{}, later], sender())), ['/bin/oomd', '-v']);
});

test('a sender that has another name by now runs another program, whose arguments say nothing', () => {
  assert.equal(argsOf(told([{ image: { comm: 'sleep', args: ['sleep', '9'] } }], sender())), undefined);
});

test('where no table knows it, it is looked at, if it is still there', () => {
  const stat = { comm: 'oomd', state: 'S', ppid: 1, threads: 1, startTicks: (BORN + 10) * 100, waitStatus: 0 };
  const facts = { stat, image: { comm: 'oomd', args: ['oomd', '--looked-at'] } };
  assert.deepEqual(argsOf(told([], sender(), facts)), ['oomd', '--looked-at']);
  assert.equal(argsOf(told([], sender({ start: seconds(77) }), facts)), undefined);
  assert.equal(argsOf(told([], sender())), undefined);
});

test('a process that killed itself needs no arguments twice, and no sender needs none', () => {
  assert.equal(argsOf(told([{}], sender({ isItself: true }))), undefined);
  const subjects = new HeardSubjects(new ScriptedReader(), false);
  const cause: EndCause = { cause: 'fault' };
  assert.equal(withSenders(cause, { subjects, reader: { facts: () => undefined }, wantsCgroup: false }), cause);
});
