/**
 * The messages of a Perfetto trace that are written here, as one table of field numbers and types. Source: protos/perfetto/trace of
 * google/perfetto. The only importer of pbf.
 */
import { PbfWriter } from 'pbf';

type Scalar = 'varint' | 'double' | 'string' | 'bool';
type Field = readonly [number: number, type: Scalar | MessageName];
type MessageName = keyof typeof MESSAGES;

export const MESSAGES = {
  Trace: { packet: [1, 'TracePacket'] },
  TracePacket: {
    timestamp: [8, 'varint'],
    trusted_packet_sequence_id: [10, 'varint'],
    track_event: [11, 'TrackEvent'],
    interned_data: [12, 'InternedData'],
    sequence_flags: [13, 'varint'],
    track_descriptor: [60, 'TrackDescriptor'],
    first_packet_on_sequence: [87, 'bool'],
  },
  TrackDescriptor: {
    uuid: [1, 'varint'],
    name: [2, 'string'],
    parent_uuid: [5, 'varint'],
    counter: [8, 'CounterDescriptor'],
    child_ordering: [11, 'varint'],
    sibling_order_rank: [12, 'varint'],
    description: [14, 'string'],
  },
  CounterDescriptor: { unit_name: [6, 'string'] },
  TrackEvent: {
    debug_annotations: [4, 'DebugAnnotation'],
    type: [9, 'varint'],
    name_iid: [10, 'varint'],
    track_uuid: [11, 'varint'],
    double_counter_value: [44, 'double'],
  },
  DebugAnnotation: {
    name_iid: [1, 'varint'],
    bool_value: [2, 'bool'],
    uint_value: [3, 'varint'],
    double_value: [5, 'double'],
    string_value_iid: [17, 'varint'],
  },
  InternedData: {
    event_names: [2, 'InternedName'],
    debug_annotation_names: [3, 'InternedName'],
    debug_annotation_string_values: [29, 'InternedName'],
  },
  /** EventName, DebugAnnotationName and InternedString: their fields have the same numbers. */
  InternedName: { iid: [1, 'varint'], name: [2, 'string'] },
} as const satisfies Record<string, Record<string, readonly [number, string]>>;

/** A message as an object: members by their field names, an array where a field is repeated. */
export type Message = {
  readonly [field: string]: number | string | boolean | Message | readonly Message[] | undefined;
};

const WRITE: Record<Scalar, (writer: PbfWriter, number: number, value: never) => void> = {
  varint: (writer, number, value) => writer.writeVarintField(number, value),
  double: (writer, number, value) => writer.writeDoubleField(number, value),
  string: (writer, number, value) => writer.writeStringField(number, value),
  bool: (writer, number, value) => writer.writeBooleanField(number, value),
};

function writeMessage({ name, value }: { name: MessageName; value: Message }, writer: PbfWriter): void {
  const fields = MESSAGES[name] as Record<string, Field>;
  for (const [member, content] of Object.entries(value)) {
    if (content === undefined) continue;
    const [number, type] = fields[member];
    if (type in WRITE) WRITE[type as Scalar](writer, number, content as never);
    else {
      for (const one of Array.isArray(content) ? content : [content]) {
        writer.writeMessage(number, writeMessage, { name: type as MessageName, value: one });
      }
    }
  }
}

/** One packet, as it stands in a trace file. */
export function packetBytes(packet: Message): Uint8Array {
  const writer = new PbfWriter();
  writeMessage({ name: 'Trace', value: { packet } }, writer);
  return writer.finish();
}
