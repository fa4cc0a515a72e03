/**
 * Where events come from, as the pipeline takes them. There are two roads: the connector, which is the stream wherever it can be had, and
 * programs of ours in the kernel, which write the same of births, execs and ends. What stands on it does not know which.
 */
import type { Hearing } from '../netlink/filter.ts';
import type { Readiness } from '../netlink/socket.ts';
import type { Batch } from '../netlink/source.ts';
import type { Heartbeat } from '../netlink/subscribe.ts';
import type { Moment } from './moment.ts';
import type { ProcReader } from './proc-reader.ts';
import type { Acquaintance, Witness } from './witness.ts';

export const STREAM_SOURCES = ['connector', 'bpf'] as const;
export type StreamSource = (typeof STREAM_SOURCES)[number];

/** Where we live in a pid namespace of our own: events have the numbers of the initial one. */
export interface ForeignNumbers {
  /** Ours, in events. */
  readonly self: number;
  /** Whose numbers /proc has here. */
  readonly proc: 'as events' | 'others';
}

/** What a witness of the stream may ask for. */
export interface WitnessNeeds extends Acquaintance {
  /** For what the kernel had no room to tell. */
  readonly reader: ProcReader;
  readonly now: () => Moment;
}

export interface EventStream {
  readonly source: StreamSource;
  readonly hearing: Hearing;
  /** Who drops what is not selected: the kernel's own mask, or a BPF program. */
  readonly filter: 'kernel' | 'bpf';
  /** Bytes of the kernel's queue for us, as far as they were granted, and how many events that holds. */
  readonly bufferBytes: number;
  readonly capacity: number;
  /** Undefined where the numbers of events are those we live among. */
  readonly foreign: ForeignNumbers | undefined;
  /** What was read and was no event, since the start. */
  readonly refused: Readonly<Record<string, number>>;
  onReadable(listener: () => void): Readiness;
  /** What is queued now, up to a limit. */
  drain(): Batch;
  /** Events that the full queue had no room for since this was last asked, and which no batch told. */
  takeDrops(): number;
  /** Hears this from now on, which is less than before. */
  rehear(hearing: Hearing): void;
  /** Hears only the exits of these processes from now on. */
  narrow(pids: ReadonlySet<number>): void;
  /** Whether the kernel still sends events at all. */
  heartbeat(): Heartbeat;
  /** Who tells what events leave out, where that comes with the stream. */
  witness(needs: WitnessNeeds): Witness | undefined;
  close(): void;
}
