/** From the signals that were sent to a process to the cause of its end: which counts, whose it was, and when nothing may be told. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CauseBook, type Death } from '../../src/cause/cause-book.ts';
import { SIGNAL } from '../../src/cause/decision.ts';
import { INFO, type SentSignal, type Victim, WHY } from '../../src/cause/sent-signal.ts';
import { BORN, own, SENDER, SIGTERM, seconds, sent, TARGET, victim } from '../support/sent-signals.ts';

const death = (over: Partial<Death> = {}): Death => ({
  pid: TARGET,
  at: seconds(101),
  status: SIGTERM,
  birth: BORN.target,
  ...over,
});

function book(signals: readonly SentSignal[], victims: readonly Victim[] = []): CauseBook {
  const made = new CauseBook();
  for (const one of signals) made.take(one);
  for (const one of victims) made.mark(one);
  return made;
}

const causeOf = (signals: readonly SentSignal[], over: Partial<Death> = {}) => book(signals).causeOf(death(over));
const by = (pid: number) => ({ pid, tid: pid, comm: `sender${pid}` });

test('an end by a code is an end by itself, whether anything is known or not', () => {
  assert.deepEqual(causeOf([], { status: 3 << 8 }), { cause: 'exit' });
  assert.deepEqual(causeOf([sent({ target: { pid: 1 } })], { status: 0 }), { cause: 'exit' });
});

test('an end by a signal that nobody saw has no cause', () => {
  assert.equal(causeOf([]), undefined);
  assert.equal(causeOf([sent({ signal: SIGNAL.INT })]), undefined);
});

test('who sent the signal is told as the kernel saw it then', () => {
  const cause = causeOf([sent()]);
  assert.deepEqual(cause?.sender, {
    pid: SENDER,
    comm: 'kill',
    uid: 1000,
    start: BORN.sender,
    isEnding: false,
    isItself: false,
  });
  assert.deepEqual([cause?.cause, cause?.code], ['signal', 'SI_USER']);
});

test('of several senders it is the one whose signal the kernel ended the process for', () => {
  const proof = sent({ why: WHY.kills, sender: by(1), at: seconds(100.1) });
  const later = sent({ why: WHY.willKill, sender: by(2), at: seconds(100.2) });
  assert.equal(causeOf([proof, later])?.sender?.pid, 1);
});

test('without such a proof it is the newest that would have killed', () => {
  const older = sent({ why: WHY.willKill, sender: by(1), at: seconds(100.1) });
  const newer = sent({ why: WHY.blocked, sender: by(2), at: seconds(100.2) });
  assert.equal(causeOf([older, newer])?.sender?.pid, 2);
});

test('a signal that only had a handler killed nobody', () => {
  assert.equal(causeOf([sent({ why: WHY.handled })]), undefined);
});

test('what was sent after the end, or to another holder of the number, is not its cause', () => {
  assert.equal(causeOf([sent({ at: seconds(102) })]), undefined);
  assert.equal(causeOf([sent({ target: { start: seconds(3) } })]), undefined);
  assert.equal(causeOf([sent()], { birth: undefined }), undefined);
});

test('the next holder of a number keeps its own', () => {
  const next = sent({ at: seconds(103), target: { start: seconds(102) } });
  const both = book([sent(), next]);
  both.causeOf(death());
  assert.equal(both.causeOf(death({ at: seconds(104), birth: seconds(102) }))?.cause, 'signal');
  assert.equal(both.size, 0);
});

test('a signal handled and raised again is told as that of who sent it first', () => {
  const first = sent({ why: WHY.handled, at: seconds(100) });
  const again = sent({ code: -6, sender: own, isForGroup: false, at: seconds(100.01) });
  const cause = causeOf([first, again]);
  assert.deepEqual([cause?.cause, cause?.sender?.pid, cause?.raisedAgain], ['signal', SENDER, true]);
  const atTerminal = { ...first, signal: SIGNAL.INT, info: INFO.kernel };
  const raised = causeOf([atTerminal, { ...again, signal: SIGNAL.INT }], { status: SIGNAL.INT });
  assert.deepEqual([raised?.cause, raised?.sender, raised?.raisedAgain], ['terminal', undefined, true]);
});

test('a signal of its own without another before it is its own', () => {
  const cause = causeOf([sent({ code: -6, sender: own, isForGroup: false })]);
  assert.deepEqual([cause?.cause, cause?.sender?.isItself, cause?.raisedAgain], ['signal', true, undefined]);
});

test('who asked it to end is told with an end by itself, for half a minute', () => {
  const request = sent({ why: WHY.handled });
  assert.deepEqual(causeOf([request], { status: 143 << 8 })?.asked, {
    signal: 'SIGTERM',
    by: 'signal',
    sender: { pid: SENDER, comm: 'kill', uid: 1000, start: BORN.sender, isEnding: false, isItself: false },
    before: 1,
  });
  assert.equal(causeOf([request], { status: 0, at: seconds(131) })?.asked, undefined);
  assert.equal(causeOf([{ ...request, sender: { ...request.sender, ...own } }], { status: 0 })?.asked, undefined);
  assert.equal(causeOf([{ ...request, signal: 10 }], { status: 0 })?.asked, undefined);
});

test('the address of a fault is told where the processor gave one', () => {
  const fault = { signal: SIGNAL.SEGV, isForGroup: false, sender: own, address: 0x10n };
  const at = causeOf([sent({ ...fault, code: 1 })], { status: SIGNAL.SEGV | 0x80 });
  assert.deepEqual([at?.cause, at?.code, at?.address], ['fault', 'SEGV_MAPERR', 0x10n]);
  const without = causeOf([sent({ ...fault, code: 0x80 })], { status: SIGNAL.SEGV });
  assert.deepEqual([without?.cause, without?.code, without?.address], ['fault', 'SI_KERNEL', undefined]);
});

test('a victim is told with what it held, and who wanted memory', () => {
  const made = book([sent({ signal: SIGNAL.KILL, info: INFO.kernel })], [victim()]);
  const cause = made.causeOf(death({ status: SIGNAL.KILL }));
  assert.deepEqual(
    [cause?.cause, cause?.outOfMemory],
    ['out-of-memory', { residentKib: 4096, trigger: { pid: SENDER, comm: 'kill' } }],
  );
});

test('after a loss only what proves itself is told', () => {
  const after = (signals: readonly SentSignal[], over: Partial<Death> = {}) => {
    const made = book(signals);
    made.doubt();
    return made.causeOf(death(over));
  };
  assert.equal(after([sent()])?.cause, 'signal');
  assert.equal(after([sent({ why: WHY.willKill })])?.cause, 'signal');
  assert.equal(after([sent({ why: WHY.blocked })]), undefined);
  assert.equal(after([sent({ why: WHY.willKill, target: { ptrace: 1 } })]), undefined);
  assert.deepEqual(after([sent({ why: WHY.handled })], { status: 0 }), { cause: 'exit' });
  // It may have been want of memory, whose mark is lost.
  const killed = sent({ signal: SIGNAL.KILL, info: INFO.kernel, sender: own });
  assert.equal(after([killed], { status: SIGNAL.KILL }), undefined);
  const raised = sent({ code: -6, sender: own, isForGroup: false, at: seconds(100.01) });
  assert.equal(after([sent({ why: WHY.handled }), raised])?.sender?.isItself, true);
});

test('a tracer that holds back what was sent leaves its sender in doubt', () => {
  const held = sent({ why: WHY.willKill, target: { ptrace: 1 } });
  assert.equal(causeOf([held], { at: seconds(100.5) })?.sender?.pid, SENDER);
  assert.equal(causeOf([held], { at: seconds(103) })?.sender, undefined);
});

test('however many signals are sent, memory is bounded', () => {
  const made = new CauseBook();
  for (let pid = 1; pid <= 20_000; pid++) made.take(sent({ target: { pid } }));
  assert.equal(made.size, 8192);
  for (let i = 0; i < 100; i++) made.take(sent({ why: WHY.handled, at: seconds(100 + i / 1000), sender: by(i) }));
  const cause = made.causeOf(death({ status: 0 }));
  assert.equal(cause?.asked?.sender?.pid, 99);
});
