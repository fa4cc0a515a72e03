/** Causes beside the events: read after them, doubted after a loss, and told with who sent the signal. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CauseSource, CauseTaker } from '../../src/cause/cause-source.ts';
import type { SentSignal, Victim } from '../../src/cause/sent-signal.ts';
import { INFO, WHY } from '../../src/cause/sent-signal.ts';
import { Causes } from '../../src/pipeline/causes.ts';
import { BORN, own, seconds, sent, TARGET, victim } from '../support/sent-signals.ts';

/** What the programs wrote, drain by drain; how many records were lost until each; and whether more is being written. */
class ScriptedSource implements CauseSource {
  readonly drains: {
    readonly signals?: readonly SentSignal[];
    readonly victims?: readonly Victim[];
    readonly isWhole?: false;
  }[] = [];
  lost = 0;
  closed = false;

  drain(taker: CauseTaker): boolean {
    const { signals = [], victims = [], isWhole = true } = this.drains.shift() ?? {};
    for (const one of signals) taker.take(one);
    for (const one of victims) taker.mark(one);
    return isWhole;
  }

  takeLost(): number {
    const { lost } = this;
    this.lost = 0;
    return lost;
  }

  close(): void {
    this.closed = true;
  }
}

const death = (status: number) => ({ pid: TARGET, at: seconds(101), status, birth: BORN.target });

test('what was written is there when the events are told, and an end by a code that nobody asked for is one of many', () => {
  const source = new ScriptedSource();
  const causes = new Causes(source);
  assert.equal(causes.isByItself(TARGET, 0), true);
  source.drains.push({ signals: [sent()] });
  causes.attend({ seconds: 1000, nanos: 0 });
  assert.equal(causes.isByItself(TARGET, 0), false);
  assert.equal(causes.isByItself(TARGET, 15), false);
  assert.equal(causes.of(death(15))?.cause, 'signal');
  assert.equal(causes.isByItself(TARGET, 0), true);
});

test('what another CPU is writing that moment is waited for', () => {
  const source = new ScriptedSource();
  const causes = new Causes(source);
  source.drains.push({ isWhole: false }, { isWhole: false }, { signals: [sent()] });
  causes.attend({ seconds: 1000, nanos: 0 });
  assert.equal(causes.of(death(15))?.cause, 'signal');
});

test('a loss is counted once, and makes doubtful what another could have caused', () => {
  const source = new ScriptedSource();
  const causes = new Causes(source);
  source.drains.push({ signals: [sent({ why: WHY.blocked })] });
  source.lost = 5;
  causes.attend({ seconds: 1000, nanos: 0 });
  assert.equal(causes.of(death(15)), undefined);
  assert.equal(causes.takeLost(), 5);
  assert.equal(causes.takeLost(), 0);
});

test('a mark that comes with a later look counts, as long as nothing was lost', () => {
  for (const [lost, cause] of [
    [0, 'out-of-memory'],
    [1, undefined],
  ] as const) {
    const source = new ScriptedSource();
    const causes = new Causes(source);
    source.drains.push({ signals: [sent({ signal: 9, info: INFO.kernel, sender: own })] });
    causes.attend({ seconds: 1000, nanos: 0 });
    source.drains.push({ victims: [victim({ triggerTid: TARGET })] });
    source.lost = lost;
    causes.attend({ seconds: 1000, nanos: 0 });
    assert.equal(causes.of(death(9))?.cause, cause);
  }
});

test('it is closed with its programs', () => {
  const source = new ScriptedSource();
  new Causes(source).close();
  assert.equal(source.closed, true);
});
