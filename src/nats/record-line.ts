/** What a line of JSON says that its transport must know: its number, its kind, and of a `start` whose stream begins. */

export interface LineFacts {
  readonly seq: number;
  /** As in subjects: the event, of ends also how. */
  readonly kind: string;
  /** The kernel's clock, as digits. */
  readonly monoNanos: string;
  readonly time: string;
  /** Of a `start`. */
  readonly start?: StartFacts;
}

export interface StartFacts {
  readonly host: string | undefined;
  readonly bootId: string | undefined;
}

/** The members that every record of ours begins with, in their order. */
const HEAD = /^\{"v":\d+,"seq":(\d+),"time":"([^"\\]+)","mono_ns":"(\d+)","event":"([a-z-]+)"/;
const HEAD_BYTES = 160;
const EVENT = /^[a-z]+(?:-[a-z]+)*$/;
/** No text can hold this: inside of one a quote has a backslash before it. */
const STATUS = Buffer.from(',"wait_status":');
const SUCCESS = '0'.charCodeAt(0);
const isDigit = (byte: number): boolean => byte >= SUCCESS && byte <= SUCCESS + 9;

function endKind(line: Buffer): string {
  const at = line.indexOf(STATUS);
  if (at < 0) return 'exit.unknown';
  const first = at + STATUS.length;
  return line[first] === SUCCESS && !isDigit(line[first + 1]) ? 'exit.ok' : 'exit.failed';
}

const textIn = (row: Readonly<Record<string, unknown>>, name: string): string | undefined => {
  const value = row[name];
  return typeof value === 'string' ? value : undefined;
};

function startFacts(row: Readonly<Record<string, unknown>>): StartFacts {
  return { host: textIn(row, 'host'), bootId: textIn(row, 'boot_id') };
}

/** As an object, or undefined for what is none. */
export function parsedRow(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const row: unknown = JSON.parse(text);
    return typeof row === 'object' && row !== null && !Array.isArray(row)
      ? (row as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Of a row that is a record, in whatever order its members are; undefined for any other. */
export function factsOfRow(row: Readonly<Record<string, unknown>>): LineFacts | undefined {
  const { seq, event } = row;
  const [time, monoNanos] = [textIn(row, 'time'), textIn(row, 'mono_ns')];
  if (typeof seq !== 'number' || !Number.isSafeInteger(seq) || seq < 0) return undefined;
  if (typeof event !== 'string' || !EVENT.test(event) || time === undefined || !/^\d+$/.test(monoNanos ?? ''))
    return undefined;
  const status = row.wait_status;
  const how = status === undefined ? 'exit.unknown' : status === 0 ? 'exit.ok' : 'exit.failed';
  const kind = event === 'exit' ? how : event;
  return { seq, kind, time, monoNanos: monoNanos ?? '', ...(event === 'start' && { start: startFacts(row) }) };
}

/** Undefined for what is no record. Lines of ours are looked at, and not parsed: there are many of them. */
export function factsOfLine(line: Buffer): LineFacts | undefined {
  const [, seq, time, monoNanos, event] = HEAD.exec(line.toString('latin1', 0, HEAD_BYTES)) ?? [];
  if (event === undefined || event === 'start') {
    const row = parsedRow(line.toString());
    return row && factsOfRow(row);
  }
  return { seq: Number(seq), kind: event === 'exit' ? endKind(line) : event, time, monoNanos };
}
