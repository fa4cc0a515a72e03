/**
 * A trace for Perfetto. Each life is a track below that of its parent, so that siblings of one name share as many rows as there were at
 * once; on it a slice for the life, and slices of its programs where it ran several. What is said again and again is interned.
 */
import { type Life, lastProgram, type Timeline } from './life.ts';
import { loadOf } from './load.ts';
import { type Message, packetBytes } from './protobuf.ts';
import { spansOf } from './spans.ts';
import { detailsOf } from './trace-details.ts';

const TYPE = { begin: 1, end: 2, instant: 3, counter: 4 } as const;
/** SEQ_INCREMENTAL_STATE_CLEARED and SEQ_NEEDS_INCREMENTAL_STATE. */
const SEQUENCE = { first: 3, next: 2 } as const;
const SEQUENCE_ID = 1;
/** Children in the order of `sibling_order_rank`. */
const EXPLICIT = 3;

/** Tracks that are no lives come after them. */
const OWN_TRACKS = ['processes running', 'CPUs used', 'lost'] as const;

/** Gives each text a number, and tells those that are new in this packet. */
class Interned {
  private readonly numbers = new Map<string, number>();
  private fresh: Message[] = [];

  of(text: string): number {
    const known = this.numbers.get(text);
    if (known !== undefined) return known;
    const iid = this.numbers.size + 1;
    this.numbers.set(text, iid);
    this.fresh.push({ iid, name: text });
    return iid;
  }

  takeFresh(): readonly Message[] | undefined {
    const { fresh } = this;
    this.fresh = [];
    return fresh.length === 0 ? undefined : fresh;
  }
}

class Writer {
  private readonly out: (bytes: Uint8Array) => void;
  private readonly names = new Interned();
  private readonly annotationNames = new Interned();
  private readonly values = new Interned();
  private isFirst = true;

  constructor(out: (bytes: Uint8Array) => void) {
    this.out = out;
  }

  private packet(content: Message): void {
    const interned = {
      event_names: this.names.takeFresh(),
      debug_annotation_names: this.annotationNames.takeFresh(),
      debug_annotation_string_values: this.values.takeFresh(),
    };
    const isNew = Object.values(interned).some((list) => list !== undefined);
    this.out(
      packetBytes({
        ...content,
        trusted_packet_sequence_id: SEQUENCE_ID,
        sequence_flags: this.isFirst ? SEQUENCE.first : SEQUENCE.next,
        ...(this.isFirst && { first_packet_on_sequence: true }),
        ...(isNew && { interned_data: interned }),
      }),
    );
    this.isFirst = false;
  }

  track(descriptor: Message): void {
    this.packet({ track_descriptor: descriptor });
  }

  private annotation(name: string, value: string | number | boolean): Message {
    const name_iid = this.annotationNames.of(name);
    if (typeof value === 'string') return { name_iid, string_value_iid: this.values.of(value) };
    if (typeof value === 'boolean') return { name_iid, bool_value: value };
    return Number.isInteger(value) ? { name_iid, uint_value: value } : { name_iid, double_value: value };
  }

  begin(track: number, at: number, name: string, details: Readonly<Record<string, string | number | boolean>>): void {
    const debug_annotations = Object.entries(details).map(([key, value]) => this.annotation(key, value));
    this.event(at, { type: TYPE.begin, track_uuid: track, name_iid: this.names.of(name), debug_annotations });
  }

  end(track: number, at: number): void {
    this.event(at, { type: TYPE.end, track_uuid: track });
  }

  counter(track: number, at: number, value: number): void {
    this.event(at, { type: TYPE.counter, track_uuid: track, double_counter_value: value });
  }

  private event(at: number, track_event: Message): void {
    this.packet({ timestamp: at, track_event });
  }
}

/** Times in a trace are not negative: the birth of the oldest is its zero. */
function zeroOf({ lives }: Timeline): number {
  return lives.reduce((least, { from }) => Math.min(least, from), 0);
}

export function writePerfetto(timeline: Timeline, out: (bytes: Uint8Array) => void): void {
  const writer = new Writer(out);
  const zero = zeroOf(timeline);
  const { lives } = timeline;
  const tracks = new Map(lives.map((life, place) => [life, place + 2]));
  const ROOT = 1;
  writer.track({ uuid: ROOT, name: timeline.title, child_ordering: EXPLICIT, description: describe(timeline) });
  for (const life of lives) {
    const track = tracks.get(life) ?? 0;
    const parent_uuid = (life.parent && tracks.get(life.parent)) ?? ROOT;
    writer.track({ uuid: track, parent_uuid, name: lastProgram(life).name });
    writeLife(writer, life, track, zero);
  }
  writeOwn(writer, timeline, zero, lives.length + 2, ROOT);
}

function writeLife(writer: Writer, life: Life, track: number, zero: number): void {
  const { from, to, programs } = life;
  writer.begin(track, from - zero, lastProgram(life).name, detailsOf(life));
  if (programs.length > 1) {
    programs.forEach(({ at, text, own }, i) => {
      const until = programs[i + 1]?.at ?? to;
      writer.begin(track, at - zero, text.name, { command: own ? text.command : `(${text.command})` });
      writer.end(track, until - zero);
    });
  }
  writer.end(track, to - zero);
}

function writeOwn(writer: Writer, timeline: Timeline, zero: number, first: number, root: number): void {
  const [running, used, lost] = OWN_TRACKS.map((name, i) => {
    const isCounter = name !== 'lost';
    writer.track({
      uuid: first + i,
      parent_uuid: root,
      name,
      ...(isCounter && { counter: {} }),
      sibling_order_rank: i - OWN_TRACKS.length,
    });
    return first + i;
  });
  const load = loadOf(spansOf(timeline));
  load.times.forEach((time, i) => {
    writer.counter(running, time - zero, load.running[i]);
    writer.counter(used, time - zero, load.cpu[i]);
  });
  for (const { from, to, reason, count } of timeline.losses) {
    writer.begin(lost, Math.max(0, from - zero), `lost: ${reason}`, count === undefined ? {} : { count });
    writer.end(lost, Math.max(0, to - zero));
  }
}

function describe({ facts }: Timeline): string {
  const { host, kernel, began } = facts;
  return [began, host, kernel && `Linux ${kernel}`].filter((text) => text !== undefined).join(', ');
}
