/**
 * A trace of Chrome's trace events, as JSON. In these no process number is ever used again and what is on one thread must nest: so all
 * lives are in one process of our making, on as many threads as there are lanes, and their own numbers are arguments. Times are
 * microseconds after the beginning, since those after 1970 would not be exact.
 */
import { lanesOf } from './lanes.ts';
import { type Life, lastProgram, type Timeline } from './life.ts';
import { loadOf } from './load.ts';
import { spansOf } from './spans.ts';
import { detailsOf } from './trace-details.ts';

const PROCESS = 1;
const MICRO = 1000;

type Event = Readonly<Record<string, unknown>>;

const micros = (nanos: number): number => nanos / MICRO;

function slice(name: string, from: number, to: number, lane: number, args: Event): Event {
  return { ph: 'X', name, ts: micros(from), dur: micros(to - from), pid: PROCESS, tid: lane + 1, args };
}

/** The life, and within it each of its programs where it ran several. */
function lifeEvents(life: Life, lane: number): Event[] {
  const { from, to, programs } = life;
  const whole = slice(lastProgram(life).name, from, to, lane, detailsOf(life));
  if (programs.length === 1) return [whole];
  return [
    whole,
    ...programs.map(({ at, text, own }, i) =>
      slice(text.name, at, programs[i + 1]?.at ?? to, lane, { command: own ? text.command : `(${text.command})` }),
    ),
  ];
}

const named = (ph: 'process_name' | 'thread_name', tid: number, name: string): Event => ({
  ph: 'M',
  name: ph,
  pid: PROCESS,
  tid,
  args: { name },
});

function* eventsOf(timeline: Timeline): Iterable<Event> {
  const { lives, losses, title } = timeline;
  const spans = spansOf(timeline);
  const lanes = lanesOf(spans);
  yield named('process_name', 0, title);
  const many = lanes.reduce((most, lane) => Math.max(most, lane + 1), 0);
  for (let lane = 0; lane < many; lane++) {
    yield named('thread_name', lane + 1, `lane ${lane + 1}`);
    yield { ph: 'M', name: 'thread_sort_index', pid: PROCESS, tid: lane + 1, args: { sort_index: lane + 1 } };
  }
  for (let place = 0; place < lives.length; place++) yield* lifeEvents(lives[place], lanes[place]);
  const { times, running, cpu } = loadOf(spans);
  for (let i = 0; i < times.length; i++) {
    const args = { running: running[i], 'CPUs used': cpu[i] };
    yield { ph: 'C', name: 'processes', pid: PROCESS, ts: micros(times[i]), args };
  }
  for (const { from, to, reason, count } of losses) {
    const args = { count, for_s: (to - from) / 1e9 };
    yield { ph: 'i', s: 'g', name: `lost: ${reason}`, pid: PROCESS, tid: 0, ts: micros(to), args };
  }
}

/** Written at once at the most. */
const CHUNK_LETTERS = 2 ** 20;

export function writeChromeTrace(timeline: Timeline, out: (text: string) => void): void {
  const { host, kernel, began } = timeline.facts;
  let text = '{"traceEvents":[\n';
  let isFirst = true;
  for (const event of eventsOf(timeline)) {
    text += `${isFirst ? '' : ',\n'}${JSON.stringify(event)}`;
    isFirst = false;
    if (text.length < CHUNK_LETTERS) continue;
    out(text);
    text = '';
  }
  out(
    `${text}\n],"displayTimeUnit":"ms","otherData":${JSON.stringify({ title: timeline.title, host, kernel, began })}}\n`,
  );
}
