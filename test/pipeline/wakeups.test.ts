/** When what is queued is looked at: at each event, by the clock under load, and once in a window; with a scripted clock and sources. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PromptWakeups, WindowedWakeups, type WindowOptions } from '../../src/pipeline/wakeups.ts';
import { ScriptedHost } from '../support/scripted-host.ts';

/** Something that is readable, level-triggered, while it holds events. */
class ScriptedSource {
  held = 0;
  paused = false;
  closed = false;
  /** How often it woke somebody. */
  wakes = 0;
  private listener: () => void = () => {};

  onReadable(listener: () => void) {
    this.listener = listener;
    return {
      pause: () => {
        this.paused = true;
      },
      resume: () => {
        this.paused = false;
        this.poll();
      },
      close: () => {
        this.closed = true;
      },
    };
  }

  add(events: number): void {
    this.held += events;
    this.poll();
  }

  take(): number {
    const { held } = this;
    this.held = 0;
    return held;
  }

  private poll(): void {
    if (this.held === 0 || this.paused || this.closed) return;
    this.wakes++;
    this.listener();
  }
}

const pacing = (host: ScriptedHost) => ({
  now: () => Number(host.nowNs) / 1e6,
  after: (milliseconds: number, task: () => void) => host.after(milliseconds, task),
});

function prompt(pace: 'hurried' | 'patient' = 'hurried') {
  const host = new ScriptedHost();
  const source = new ScriptedSource();
  const wakeups = new PromptWakeups(pacing(host), source, pace);
  const looks: number[] = [];
  wakeups.start(() => {
    const taken = source.take();
    looks.push(taken);
    return taken;
  });
  return { host, source, wakeups, looks };
}

test('a calm stream is read at each event', () => {
  const { host, source, wakeups, looks } = prompt();
  for (let i = 0; i < 30; i++) {
    source.add(1);
    host.advance(20);
  }
  assert.deepEqual(looks, new Array(30).fill(1));
  assert.deepEqual([source.paused, wakeups.isTimed, host.timersLeft], [false, false, 0]);
});

test('under load the events of some milliseconds are read at once; calm wakes at each event again', () => {
  const { host, source, wakeups, looks } = prompt();
  source.add(150);
  assert.deepEqual([source.paused, wakeups.isTimed], [true, true]);
  source.add(50);
  assert.deepEqual(looks, [150], 'nothing is read between two looks');
  host.advance(10);
  assert.deepEqual(looks.slice(0, 2), [150, 50]);
  assert.deepEqual([source.paused, wakeups.isTimed], [false, false]);
  source.add(1);
  assert.equal(looks.at(-1), 1);
});

test('load is what comes within some milliseconds, in however many pieces', () => {
  const { host, source, wakeups } = prompt();
  for (let i = 0; i < 4; i++) {
    source.add(25);
    host.advance(2);
  }
  assert.equal(wakeups.isTimed, false);
  source.add(1);
  assert.equal(wakeups.isTimed, true);
});

test('while the load lasts, one look follows the other by the clock alone', () => {
  const { host, source, looks } = prompt();
  source.add(150);
  for (let i = 0; i < 20; i++) {
    source.add(60);
    host.advance(3);
  }
  assert.deepEqual(looks, [150, ...new Array(20).fill(60)]);
  assert.equal(source.wakes, 1);
});

test('the look that ends the load is followed by one more: what it left comes with no event', () => {
  const { host, source, looks } = prompt();
  source.add(150);
  source.add(20);
  host.advance(3);
  assert.deepEqual(looks, [150, 20, 0]);
  assert.equal(host.timersLeft, 0);
});

test('who has no hurry is woken less: a third of the events is load for him', () => {
  for (const [pace, busy] of [
    ['hurried', 101],
    ['patient', 31],
  ] as const) {
    const { source, wakeups } = prompt(pace);
    source.add(busy - 1);
    assert.equal(wakeups.isTimed, false, pace);
    source.add(1);
    assert.equal(wakeups.isTimed, true, pace);
  }
});

test('after the stop no timer is left and nothing is read', () => {
  const { host, source, wakeups, looks } = prompt();
  source.add(150);
  wakeups.stop();
  source.add(1);
  host.advance(1000);
  assert.deepEqual(looks, [150]);
  assert.deepEqual([host.timersLeft, source.closed], [0, true]);
});

/** Looks by the millisecond at which they were taken, each with what every source held. */
function windowed(options: Partial<WindowOptions> = {}) {
  const host = new ScriptedHost();
  const sources = [new ScriptedSource(), new ScriptedSource()] as const;
  const wakeups = new WindowedWakeups(pacing(host), sources, { mostMs: () => 100, capacity: 1e6, ...options });
  const looks: { readonly at: number; readonly took: readonly number[] }[] = [];
  const begin = host.nowNs;
  wakeups.start(() => {
    const took = sources.map((source) => source.take());
    looks.push({ at: Number(host.nowNs - begin) / 1e6, took });
    return took[0] + took[1];
  });
  return { host, sources, wakeups, looks, times: () => looks.map(({ at }) => at) };
}

test('the first event opens a window, and at its end all that came is drained at once', () => {
  const { host, sources, wakeups, looks } = windowed();
  const [events, facts] = sources;
  assert.equal(wakeups.isTimed, false);
  events.add(1);
  assert.equal(wakeups.isTimed, true);
  host.advance(40);
  facts.add(5);
  events.add(2);
  host.advance(59);
  assert.deepEqual(looks, []);
  host.advance(1);
  assert.deepEqual(looks, [{ at: 100, took: [3, 5] }]);
});

test('in a window all sources are paused, whichever opened it', () => {
  for (const opener of [0, 1]) {
    const { host, sources } = windowed();
    sources[opener].add(1);
    assert.deepEqual(
      sources.map(({ paused }) => paused),
      [true, true],
    );
    sources[1 - opener].add(1);
    host.advance(99);
    assert.deepEqual(
      sources.map(({ wakes }) => wakes),
      opener === 0 ? [1, 0] : [0, 1],
    );
  }
});

test('while events come the clock alone opens the next window', () => {
  const { host, sources, looks, times } = windowed();
  const [events] = sources;
  for (let i = 0; i < 50; i++) {
    events.add(1);
    host.advance(10);
  }
  assert.deepEqual(times(), [100, 200, 300, 400, 500]);
  assert.deepEqual(
    looks.map(({ took }) => took[0]),
    new Array(5).fill(10),
  );
  assert.equal(events.wakes, 1);
});

test('an empty window resumes the sources: the next event opens one at its own time', () => {
  const { host, sources, wakeups, times } = windowed();
  sources[0].add(1);
  host.advance(250);
  assert.deepEqual(times(), [100, 200], 'the second window was empty');
  assert.deepEqual([wakeups.isTimed, host.timersLeft], [false, 0]);
  assert.deepEqual(
    sources.map(({ paused }) => paused),
    [false, false],
  );
  host.advance(1000);
  assert.equal(times().length, 2, 'nothing is looked at while nothing comes');
  sources[1].add(1);
  host.advance(100);
  assert.deepEqual(times(), [100, 200, 1350]);
});

test('what came between the last look and the resuming opens a window at once', () => {
  const host = new ScriptedHost();
  const source = new ScriptedSource();
  const wakeups = new WindowedWakeups(pacing(host), [source], { mostMs: () => 100, capacity: 1e6 });
  const looks: number[] = [];
  wakeups.start(() => {
    const taken = source.take();
    looks.push(taken);
    // While the empty queue is looked at, another event comes.
    if (looks.length === 2) source.held = 7;
    return taken;
  });
  source.add(1);
  host.advance(300);
  assert.deepEqual(looks, [1, 0, 7]);
});

test('what a look had to leave for later is a reason for another window', () => {
  const host = new ScriptedHost();
  const source = new ScriptedSource();
  const wakeups = new WindowedWakeups(pacing(host), [source], { mostMs: () => 100, capacity: 1e6 });
  let looks = 0;
  wakeups.start(() => {
    source.take();
    return looks++ < 3 ? 1 : 0;
  });
  source.add(1);
  host.advance(1000);
  assert.deepEqual([looks, source.paused], [4, false]);
});

test('a window of 0 looks at each event, in the next turn', () => {
  const { host, sources, looks } = windowed({ mostMs: () => 0 });
  for (let i = 1; i <= 3; i++) {
    sources[0].add(i);
    assert.equal(looks.length, 2 * (i - 1), 'not before its caller is done');
    host.advance(0);
    assert.deepEqual(looks.at(-2)?.took, [i, 0]);
  }
  assert.deepEqual([sources[0].wakes, host.timersLeft], [3, 0]);
});

test('the latency is asked for each window', () => {
  let mostMs = 100;
  const { host, sources, times } = windowed({ mostMs: () => mostMs });
  sources[0].add(1);
  host.advance(99);
  sources[0].add(1);
  mostMs = 20;
  host.advance(1);
  sources[0].add(1);
  host.advance(20);
  assert.deepEqual(times(), [100, 120]);
});

test('the first window is no longer than a storm could fill the queue', () => {
  const { host, sources, times } = windowed({ capacity: 2000 });
  sources[0].add(1);
  host.advance(10);
  assert.deepEqual(times(), [10]);
});

test('a queue that fills fast shortens the next window, and one that does not lengthens it again', () => {
  const { host, sources, times } = windowed({ capacity: 20_000 });
  const [events] = sources;
  /** So many events each millisecond, evenly. */
  const stream = (perMs: number, milliseconds: number): number[] => {
    const before = times().length;
    for (let i = 0; i < milliseconds; i++) {
      events.add(perMs);
      host.advance(1);
    }
    return times().slice(before);
  };
  const slow = stream(1, 500);
  assert.deepEqual(slow, [100, 200, 300, 400, 500]);
  const fast = stream(100, 500);
  const gaps = fast.slice(1).map((at, i) => at - fast[i]);
  // A quarter of the queue at 100 a millisecond.
  assert.ok(gaps.length >= 6 && gaps.every((gap) => gap >= 45 && gap <= 55), `${gaps}`);
  const calm = stream(1, 500);
  assert.equal((calm.at(-1) ?? 0) - (calm.at(-2) ?? 0), 100);
});

test('a stop leaves no timer, and nothing is read after it', () => {
  const { host, sources, wakeups, looks } = windowed();
  sources[0].add(1);
  wakeups.stop();
  assert.equal(host.timersLeft, 0);
  sources[0].add(1);
  sources[1].add(1);
  host.advance(1000);
  assert.deepEqual(looks, []);
  assert.deepEqual(
    sources.map(({ closed }) => closed),
    [true, true],
  );
});

const STOPPABLE = {
  'by windows': (host: ScriptedHost, source: ScriptedSource) =>
    new WindowedWakeups(pacing(host), [source], { mostMs: () => 100, capacity: 1e6 }),
  'at each event': (host: ScriptedHost, source: ScriptedSource) => new PromptWakeups(pacing(host), source, 'hurried'),
};
for (const [how, make] of Object.entries(STOPPABLE)) {
  test(`woken ${how}, a look that stops it is the last`, () => {
    const host = new ScriptedHost();
    const source = new ScriptedSource();
    const wakeups = make(host, source);
    let looks = 0;
    wakeups.start(() => {
      looks++;
      wakeups.stop();
      return source.take();
    });
    source.add(500);
    host.advance(100);
    assert.deepEqual([looks, host.timersLeft], [1, 0]);
    host.advance(1000);
    assert.equal(looks, 1);
  });
}
