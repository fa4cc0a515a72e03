/** The files for other viewers, read back by others: Perfetto's by protobufjs with field numbers of its own, Chrome's as JSON. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import protobuf from 'protobufjs';
import { writeChromeTrace } from '../../src/timeline/chrome-trace.ts';
import { Collector } from '../../src/timeline/collector.ts';
import { drawingOf } from '../../src/timeline/drawing.ts';
import { lanesOf } from '../../src/timeline/lanes.ts';
import { commandOf, type Life, lastProgram, type Timeline } from '../../src/timeline/life.ts';
import { outcomeOf } from '../../src/timeline/outcome.ts';
import { writePerfetto } from '../../src/timeline/perfetto.ts';
import { spansOf } from '../../src/timeline/spans.ts';
import { manyLives } from '../support/many-lives.ts';
import { BUILD, DEATHS, exec, exit, fork, hole, life, timelineOf } from './story.ts';

/** Written from the schema of google/perfetto, not from ours. */
const SCHEMA = protobuf
  .parse(
    `
  syntax = "proto2";
  message Trace { repeated TracePacket packet = 1; }
  message TracePacket {
    optional uint64 timestamp = 8; optional uint32 trusted_packet_sequence_id = 10; optional TrackEvent track_event = 11;
    optional InternedData interned_data = 12; optional uint32 sequence_flags = 13; optional TrackDescriptor track_descriptor = 60;
    optional bool first_packet_on_sequence = 87;
  }
  message TrackDescriptor {
    optional uint64 uuid = 1; optional string name = 2; optional uint64 parent_uuid = 5; optional CounterDescriptor counter = 8;
    optional int32 child_ordering = 11; optional int32 sibling_order_rank = 12; optional string description = 14;
  }
  message CounterDescriptor {}
  message TrackEvent {
    repeated DebugAnnotation debug_annotations = 4; optional int32 type = 9; optional uint64 name_iid = 10;
    optional uint64 track_uuid = 11; optional double double_counter_value = 44;
  }
  message DebugAnnotation {
    optional uint64 name_iid = 1; optional bool bool_value = 2; optional uint64 uint_value = 3; optional double double_value = 5;
    optional uint64 string_value_iid = 17;
  }
  message InternedData {
    repeated EventName event_names = 2; repeated DebugAnnotationName debug_annotation_names = 3;
    repeated InternedString debug_annotation_string_values = 29;
  }
  message EventName { optional uint64 iid = 1; optional string name = 2; }
  message DebugAnnotationName { optional uint64 iid = 1; optional string name = 2; }
  message InternedString { optional uint64 iid = 1; optional bytes str = 2; }
`,
    { keepCase: true },
  )
  .root.lookupType('Trace');

interface Slice {
  readonly name: string;
  readonly from: number;
  to: number;
  readonly details: Record<string, unknown>;
  readonly inner: Slice[];
}

interface Track {
  readonly name: string;
  readonly parent: number | undefined;
  readonly slices: Slice[];
  readonly values: [number, number][];
}

interface Packet {
  readonly timestamp: number;
  readonly trusted_packet_sequence_id: number;
  readonly sequence_flags: number;
  readonly track_descriptor?: { readonly uuid: number; readonly name: string; readonly parent_uuid?: number };
  readonly track_event?: {
    readonly type: number;
    readonly track_uuid: number;
    readonly name_iid: number;
    readonly double_counter_value: number;
    readonly debug_annotations?: readonly Annotation[];
  };
  readonly interned_data?: Record<
    string,
    readonly { readonly iid: number; readonly name?: string; readonly str?: Uint8Array }[]
  >;
}

interface Annotation {
  readonly name_iid: number;
  readonly string_value_iid?: number;
  readonly uint_value?: number;
  readonly double_value?: number;
  readonly bool_value?: boolean;
}

/** As a viewer does: interned texts, tracks, and slices that nest on each track. */
function readPerfetto(bytes: Uint8Array): Map<number, Track> {
  const { packet: packets } = SCHEMA.toObject(SCHEMA.decode(bytes), { longs: Number }) as { packet: Packet[] };
  const interned: Record<string, Map<number, string>> = {
    event_names: new Map(),
    debug_annotation_names: new Map(),
    debug_annotation_string_values: new Map(),
  };
  const tracks = new Map<number, Track>();
  const open = new Map<number, Slice[]>();
  packets.forEach((packet, i) => {
    assert.equal(packet.trusted_packet_sequence_id, 1);
    assert.equal(packet.sequence_flags, i === 0 ? 3 : 2);
    for (const [kind, list] of Object.entries(packet.interned_data ?? {})) {
      for (const { iid, name, str } of list) interned[kind].set(iid, name ?? Buffer.from(str ?? []).toString());
    }
    const { track_descriptor: descriptor, track_event: event } = packet;
    if (descriptor)
      tracks.set(descriptor.uuid, { name: descriptor.name, parent: descriptor.parent_uuid, slices: [], values: [] });
    if (!event) return;
    const track = tracks.get(event.track_uuid) ?? assert.fail('an event on no track');
    const stack = open.get(event.track_uuid) ?? [];
    open.set(event.track_uuid, stack);
    if (event.type === 4) track.values.push([packet.timestamp, event.double_counter_value]);
    else if (event.type === 1) {
      const details = Object.fromEntries(
        (event.debug_annotations ?? []).map((one) => [
          interned.debug_annotation_names.get(one.name_iid),
          one.string_value_iid === undefined
            ? (one.uint_value ?? one.double_value ?? one.bool_value)
            : interned.debug_annotation_string_values.get(one.string_value_iid),
        ]),
      );
      const slice: Slice = {
        name: interned.event_names.get(event.name_iid) ?? '',
        from: packet.timestamp,
        to: 0,
        details,
        inner: [],
      };
      (stack.at(-1)?.inner ?? track.slices).push(slice);
      stack.push(slice);
    } else (stack.pop() ?? assert.fail('an end without a beginning')).to = packet.timestamp;
  });
  for (const stack of open.values()) assert.equal(stack.length, 0);
  return tracks;
}

function perfettoOf(timeline: Timeline): Map<number, Track> {
  const chunks: Uint8Array[] = [];
  writePerfetto(timeline, (bytes) => chunks.push(bytes));
  return readPerfetto(Buffer.concat(chunks));
}

const RICH = [
  ...BUILD,
  ...life(200, 100, [64, 70], 'sh -c evil\u202e</script>'),
  exec(66, 200, 'evil'),
  ...life(102, 100, [71, 72], 'reused'),
  fork(73, 300, 100),
  hole(80, 90),
];

/** What is said of a life beside name and times, as it must be in every trace. */
function told(one: Life) {
  return {
    pid: one.pid,
    command: commandOf(one),
    cpu_s: one.usage?.cpuNanos === undefined ? undefined : one.usage.cpuNanos / 1e9,
  };
}

test('a Perfetto trace has a track for each life below that of its parent, and all is as the records have it', () => {
  const timeline = timelineOf(RICH);
  const tracks = perfettoOf(timeline);
  const trackOf = (one: Life) => timeline.lives.indexOf(one) + 2;
  timeline.lives.forEach((one) => {
    const track = tracks.get(trackOf(one)) ?? assert.fail('no track');
    assert.equal(track.parent, one.parent === undefined ? 1 : trackOf(one.parent));
    assert.equal(track.name, lastProgram(one).name);
    const [slice, ...others] = track.slices;
    assert.deepEqual(others, []);
    assert.deepEqual([slice.name, slice.from, slice.to], [lastProgram(one).name, one.from, one.to]);
    const { pid, command, cpu_s } = slice.details;
    assert.deepEqual({ pid, command, cpu_s }, told(one));
    const programs = one.programs.length === 1 ? [] : one.programs;
    assert.deepEqual(
      slice.inner.map(({ name, from }) => [name, from]),
      programs.map(({ at, text }) => [text.name, at]),
    );
    if (slice.inner.length > 0) assert.equal(slice.inner.at(-1)?.to, one.to);
  });
});

test('a Perfetto trace counts the processes that run, and marks what was lost', () => {
  const tracks = [...perfettoOf(timelineOf(RICH)).values()];
  const running = tracks.find(({ name }) => name === 'processes running');
  assert.deepEqual(running?.values[0], [0, 1]);
  assert.ok(tracks.find(({ name }) => name === 'CPUs used')?.values.some(([, value]) => value > 1));
  assert.deepEqual(
    tracks.find(({ name }) => name === 'lost')?.slices.map(({ name, details }) => [name, details.count]),
    [['lost: overrun', 1234]],
  );
});

test('two processes of one number are two tracks', () => {
  const reused = [...perfettoOf(timelineOf(RICH)).values()]
    .flatMap(({ slices }) => slices)
    .filter(({ details }) => details.pid === 102);
  assert.deepEqual(
    reused.map(({ name }) => name),
    ['cc1', 'reused'],
  );
});

test('a birth before the recording is the zero of the trace', () => {
  const tracks = [...perfettoOf(timelineOf([exec(5, 7, 'late'), exit(9, 7, { start: -20 })])).values()];
  assert.deepEqual(
    tracks.flatMap(({ slices }) => slices).map(({ from, to }) => [from, to]),
    [[0, 29e6]],
  );
});

interface Event {
  readonly ph: string;
  readonly name: string;
  readonly ts: number;
  readonly dur: number;
  readonly pid: number;
  readonly tid: number;
  readonly args: Record<string, unknown>;
}

function chromeOf(timeline: Timeline): Event[] {
  let text = '';
  writeChromeTrace(timeline, (chunk) => {
    text += chunk;
  });
  return JSON.parse(text).traceEvents;
}

/** What is on one thread nests, as the viewers want it. */
function assertNests(events: readonly Event[]): void {
  const byThread = new Map<number, Event[]>();
  for (const event of events) byThread.set(event.tid, [...(byThread.get(event.tid) ?? []), event]);
  for (const list of byThread.values()) {
    const open: Event[] = [];
    for (const event of list.toSorted((a, b) => a.ts - b.ts || b.dur - a.dur)) {
      while (open.length > 0 && (open.at(-1)?.ts ?? 0) + (open.at(-1)?.dur ?? 0) <= event.ts) open.pop();
      const around = open.at(-1);
      if (around !== undefined)
        assert.ok(event.ts + event.dur <= around.ts + around.dur + 1e-6, `${event.name} leaves ${around.name}`);
      open.push(event);
    }
  }
}

test('a Chrome trace has a slice for each life, to the microsecond, and what is on one lane nests', () => {
  const timeline = timelineOf(RICH);
  const slices = chromeOf(timeline).filter(({ ph }) => ph === 'X');
  const whole = slices.filter(({ args }) => args.pid !== undefined);
  assert.deepEqual(
    whole.map(({ name, ts, dur, args: { pid, command, cpu_s } }) => ({
      name,
      ts,
      end: Math.round(ts + dur),
      pid,
      command,
      cpu_s,
    })),
    timeline.lives.map((one) => ({
      name: lastProgram(one).name,
      ts: one.from / 1000,
      end: Math.round(one.to / 1000),
      ...told(one),
    })),
  );
  assertNests(slices);
  assert.equal(
    new Set(slices.map(({ pid }) => pid)).size,
    1,
    'no number of a process is used, since they are used again',
  );
});

test('lanes are few: as many as were needed at once', () => {
  const timeline = timelineOf(manyLives(3000, 8));
  assert.equal(new Set(lanesOf(spansOf(timeline))).size, 8);
  assertNests(chromeOf(timeline).filter(({ ph }) => ph === 'X'));
});

test('a Chrome trace names its process and lanes, counts, and marks what was lost', () => {
  const events = chromeOf(timelineOf(RICH));
  const named = events.filter(({ ph, name }) => ph === 'M' && name === 'process_name');
  assert.deepEqual(
    named.map(({ args }) => args.name),
    ['a story'],
  );
  for (const { args } of events.filter(({ name }) => name === 'thread_sort_index'))
    assert.equal(typeof args.sort_index, 'number');
  assert.ok(events.some(({ ph, args }) => ph === 'C' && args.running === 2));
  assert.ok(events.some(({ ph, name }) => ph === 'i' && name === 'lost: overrun'));
});

test('.json.gz is the same, compressed', async () => {
  const collector = new Collector();
  collector.take(BUILD);
  const drawing = drawingOf(collector, 'a story', {});
  const parts: Record<string, Buffer> = {};
  for (const path of ['t.json', 't.json.gz']) {
    const chunks: Uint8Array[] = [];
    await drawing.write(
      path,
      () => '',
      (chunk) => chunks.push(Buffer.from(chunk)),
    );
    parts[path] = Buffer.concat(chunks);
  }
  assert.equal(gunzipSync(parts['t.json.gz']).toString(), parts['t.json'].toString());
});

test('in every trace a life says how it ended and why', () => {
  const timeline = timelineOf([...DEATHS, fork(99, 8, 1)]);
  const expected = timeline.lives.map((one) => [one.pid, outcomeOf(one), one.cause]);
  const perfetto = [...perfettoOf(timeline).values()].flatMap(({ slices }) => slices).map(({ details }) => details);
  const chunks: string[] = [];
  writeChromeTrace(timeline, (text) => chunks.push(text));
  const { traceEvents } = JSON.parse(chunks.join('')) as { traceEvents: { ph: string; args: Slice['details'] }[] };
  const chrome = traceEvents.filter(({ ph, args }) => ph === 'X' && 'pid' in args).map(({ args }) => args);
  for (const details of [perfetto.filter(({ pid }) => pid !== undefined), chrome])
    assert.deepEqual(
      details.map(({ pid, end, cause }) => [pid, end, cause]),
      expected,
    );
  assert.deepEqual(expected.slice(1, 2), [[2, 'SIGKILL by oomd[72]', 'signal']]);
  assert.deepEqual(expected.at(-1), [8, 'still running', undefined]);
});
