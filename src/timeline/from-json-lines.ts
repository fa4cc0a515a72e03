/**
 * Reads JSON Lines back into records: as much of them as a timeline needs. It stands in for the reader of recordings and goes when that
 * one is there: nothing but `src/commands/timeline.ts` may use it.
 */
import type { Image } from '../process/image.ts';
import { type Moment, minus } from '../process/moment.ts';
import type { LossReason, ProcessEnd, ProcessEventName, StreamRecord } from '../process/record.ts';
import type { Text } from '../process/text.ts';
import type { Usage } from '../usage/usage.ts';
import type { MachineFacts } from './life.ts';
import type { RecordSource } from './source.ts';

type Row = Readonly<Record<string, unknown>>;

const NANO_DIGITS = 9;
const MICRO = 1e6;
const NANO = 1e9;

function momentOf(digits: unknown): Moment {
  const text = String(digits).padStart(NANO_DIGITS + 1, '0');
  return { seconds: Number(text.slice(0, -NANO_DIGITS)), nanos: Number(text.slice(-NANO_DIGITS)) };
}

/** `2026-11-25T09:59:00.123456789Z`, as seconds since 1970. */
function wallOf(text: unknown): Moment {
  const [whole, fraction = '0Z'] = String(text).split('.');
  return { seconds: Date.parse(`${whole}Z`) / 1000, nanos: Number(fraction.slice(0, -1)) };
}

const number = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);
const bytesOf = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'));

function textOf(row: Row, name: string): Text | undefined {
  const text = row[name];
  if (typeof text !== 'string') return undefined;
  const twin = row[`${name}_base64`];
  return typeof twin === 'string' ? { text, bytes: bytesOf(twin) } : text;
}

function argsOf({ args, args_base64: twins }: Row): readonly Text[] | undefined {
  if (!Array.isArray(args)) return undefined;
  if (!Array.isArray(twins)) return args.map(String);
  return args.map((text: unknown, i) => ({ text: String(text), bytes: bytesOf(String(twins[i])) }));
}

const known = <T>(name: string, value: T | undefined) => (value === undefined ? {} : { [name]: value });

function imageOf(row: Row): Image {
  return {
    ...known('comm', textOf(row, 'comm')),
    ...known('exe', textOf(row, 'exe')),
    ...known('cwd', textOf(row, 'cwd')),
    ...known('args', argsOf(row)),
    ...known('argsTotal', number(row.args_truncated)),
    ...known('uid', number(row.uid)),
  };
}

const scaled = (value: unknown, factor: number): number | undefined =>
  typeof value === 'number' ? Math.round(value * factor) : undefined;

function usageOf(row: Row): Usage | undefined {
  if (row.cpu_s === undefined && row.max_rss_kib === undefined) return undefined;
  return {
    cpuNanos: scaled(row.cpu_s, NANO),
    cpuIsLowerBound: row.cpu_is_lower_bound === true,
    userMicros: scaled(row.user_s, MICRO),
    systemMicros: scaled(row.sys_s, MICRO),
    maxRssKib: number(row.max_rss_kib),
    minorFaults: number(row.minflt),
    majorFaults: number(row.majflt),
    readBytes: number(row.read_bytes),
    writeBytes: number(row.write_bytes),
    voluntarySwitches: number(row.nvcsw),
    involuntarySwitches: number(row.nivcsw),
    ioDelayNanos: scaled(row.io_delay_s, NANO),
    gid: number(row.gid),
  };
}

function startOf({ start_mono_ns: mono, start_time: wall }: Row, wallOffset: Moment): Moment | undefined {
  if (typeof mono === 'string') return momentOf(mono);
  return wall === undefined ? undefined : minus(wallOf(wall), wallOffset);
}

function endOf(row: Row, at: Moment): ProcessEnd {
  const seconds = number(row.duration_s);
  const wallOffset = minus(wallOf(row.time), at);
  return {
    waitStatus: number(row.wait_status),
    start: startOf(row, wallOffset),
    duration: seconds === undefined ? undefined : { seconds, exact: true },
    usage: usageOf(row),
  };
}

/** Undefined for what is no record. */
export function recordOf(row: Row): StreamRecord | undefined {
  if (typeof row.event !== 'string' || typeof row.mono_ns !== 'string') return undefined;
  const at = momentOf(row.mono_ns);
  const { event } = row;
  if (event === 'start' || event === 'end') return { event, at, facts: {} };
  if (event === 'lost') {
    const since = momentOf(row.since_mono_ns ?? row.mono_ns);
    return { event, at, since, reason: row.reason as LossReason, count: number(row.count) };
  }
  if (typeof row.pid !== 'number') return undefined;
  return {
    event: event as ProcessEventName,
    at,
    cpu: number(row.cpu),
    pid: row.pid,
    tid: number(row.tid) ?? row.pid,
    ppid: number(row.ppid),
    parentComm: textOf(row, 'parent_comm'),
    image: imageOf(row),
    imageOf: row.image as 'inherited' | 'earlier' | undefined,
    ancestry: undefined,
    cgroup: typeof row.cgroup === 'string' ? row.cgroup : undefined,
    thread: row.thread === true,
    inferred: row.inferred === true,
    exit: event === 'exit' ? endOf(row, at) : undefined,
    ids: undefined,
    tracer: undefined,
  };
}

async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncIterable<string[]> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield lines;
  }
  if (rest !== '') yield [rest];
}

export class JsonLines implements RecordSource {
  readonly batches: AsyncIterable<readonly StreamRecord[]>;
  refused = 0;
  private found: MachineFacts = {};
  private readonly users = new Map<number, Text>();

  /** One file after another. */
  constructor(files: readonly AsyncIterable<Uint8Array>[]) {
    this.batches = this.read(files);
  }

  facts(): MachineFacts {
    return this.found;
  }

  userName(uid: number): Text | undefined {
    return this.users.get(uid);
  }

  private async *read(files: readonly AsyncIterable<Uint8Array>[]): AsyncIterable<readonly StreamRecord[]> {
    for (const chunks of files) {
      for await (const lines of linesOf(chunks)) yield lines.flatMap((line) => this.recordIn(line) ?? []);
    }
  }

  private recordIn(line: string): StreamRecord | undefined {
    if (line === '') return undefined;
    const row = parsed(line);
    const record = row && recordOf(row);
    if (row === undefined || record === undefined) this.refused++;
    else this.note(row);
    return record;
  }

  /** What is said once, beside the records. */
  private note(row: Row): void {
    if (this.found.began === undefined && typeof row.time === 'string') this.found = { ...this.found, began: row.time };
    const user = textOf(row, 'user');
    if (user !== undefined && typeof row.uid === 'number') this.users.set(row.uid, user);
    if (row.event !== 'start') return;
    const { host, kernel, cpus } = row;
    this.found = {
      ...this.found,
      ...(typeof host === 'string' && { host }),
      ...(typeof kernel === 'string' && { kernel }),
      ...(typeof cpus === 'number' && { cpus }),
    };
  }
}

function parsed(line: string): Row | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Row) : undefined;
  } catch {
    return undefined;
  }
}
