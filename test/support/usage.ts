/** What a process used, made by hand, and taskstats messages made byte by byte: offsets written down from the kernel's headers and from nothing in src. */
import { endianness } from 'node:os';
import type { ExactDoor, ExactEnd } from '../../src/usage/doors.ts';
import type { Usage } from '../../src/usage/usage.ts';

export const usage = (over: Partial<Usage> = {}): Usage => ({
  cpuNanos: undefined,
  cpuIsLowerBound: false,
  userMicros: undefined,
  systemMicros: undefined,
  maxRssKib: undefined,
  minorFaults: undefined,
  majorFaults: undefined,
  readBytes: undefined,
  writeBytes: undefined,
  voluntarySwitches: undefined,
  involuntarySwitches: undefined,
  ioDelayNanos: undefined,
  gid: undefined,
  ...over,
});

/** The account of a life, as the programs in the kernel write it. */
export const exactEnd = (over: Partial<ExactEnd> & Pick<ExactEnd, 'pid'>): ExactEnd => ({
  ...usage(),
  startNanos: 0,
  waitStatus: 0,
  comm: undefined,
  uid: undefined,
  ppid: undefined,
  exeInode: undefined,
  ...over,
});

/** The programs in the kernel, played by hand. */
export class ScriptedExact implements ExactDoor {
  readonly queue: ExactEnd[] = [];
  closed = false;

  read(onEnd: (end: ExactEnd) => void): number {
    const ends = this.queue.splice(0);
    for (const end of ends) onEnd(end);
    return ends.length;
  }

  onReadable() {
    return { pause: () => {}, resume: () => {}, close: () => {} };
  }

  close(): void {
    this.closed = true;
  }
}

const LE = endianness() === 'LE';

/** Bytes of `struct taskstats` by version. */
export const SIZE: Record<number, number> = {
  8: 328,
  9: 344,
  10: 352,
  11: 368,
  12: 400,
  13: 416,
  14: 432,
  15: 560,
  16: 560,
  17: 688,
};

/** What version 15 put between the fields, before each offset of the others. */
function moved15(offset: number): number {
  if (offset < 32) return offset;
  if (offset < 48) return offset + 16;
  if (offset < 64) return offset + 32;
  if (offset < 328) return offset + 48;
  if (offset < 344) return offset + 64;
  if (offset < 368) return offset + 80;
  if (offset < 416) return offset + 96;
  return offset + 112;
}

/** Members by the names of linux/taskstats.h. */
export interface Taskstats {
  readonly ac_exitcode?: number;
  readonly ac_flag?: number;
  readonly blkio_delay_total?: number;
  readonly cpu_run_virtual_total?: number;
  readonly ac_comm?: string | Uint8Array;
  readonly ac_uid?: number;
  readonly ac_gid?: number;
  readonly ac_pid?: number;
  readonly ac_ppid?: number;
  readonly ac_etime?: number;
  readonly ac_utime?: number;
  readonly ac_stime?: number;
  readonly ac_minflt?: number;
  readonly ac_majflt?: number;
  readonly hiwater_rss?: number;
  readonly read_bytes?: number;
  readonly write_bytes?: number;
  readonly nvcsw?: number;
  readonly nivcsw?: number;
  readonly ac_tgid?: number;
  readonly ac_tgetime?: number;
  readonly ac_exe_inode?: number;
}

const AT: Record<Exclude<keyof Taskstats, 'ac_comm' | 'ac_flag'>, readonly [offset: number, bytes: 4 | 8]> = {
  ac_exitcode: [4, 4],
  blkio_delay_total: [40, 8],
  cpu_run_virtual_total: [72, 8],
  ac_uid: [120, 4],
  ac_gid: [124, 4],
  ac_pid: [128, 4],
  ac_ppid: [132, 4],
  ac_etime: [144, 8],
  ac_utime: [152, 8],
  ac_stime: [160, 8],
  ac_minflt: [168, 8],
  ac_majflt: [176, 8],
  hiwater_rss: [200, 8],
  read_bytes: [248, 8],
  write_bytes: [256, 8],
  nvcsw: [272, 8],
  nivcsw: [280, 8],
  ac_tgid: [368, 4],
  ac_tgetime: [376, 8],
  ac_exe_inode: [392, 8],
};

/** The struct of one version; what this version has no room for is left out, and every gap is filled with what must not be read. */
export function taskstats(version: number, members: Taskstats, size = SIZE[version]): Uint8Array {
  const bytes = new Uint8Array(size).fill(0xa5);
  const view = new DataView(bytes.buffer);
  const place = (offset: number): number => (version === 15 ? moved15(offset) : offset);
  view.setUint16(0, version, LE);
  bytes[8] = members.ac_flag ?? 0;
  for (const [name, [offset, width]] of Object.entries(AT)) {
    const at = place(offset);
    if (at + width > size) continue;
    const value = members[name as keyof typeof AT] ?? 0;
    if (width === 8) view.setBigUint64(at, BigInt(value), LE);
    else view.setUint32(at, value, LE);
  }
  bytes.fill(0, place(80), place(80) + 32);
  bytes.set(Buffer.from(members.ac_comm ?? ''), place(80));
  return bytes;
}

/** u16 length, u16 type, value, padding to four bytes. */
export function attribute(type: number, value: Uint8Array, length = 4 + value.length): Uint8Array {
  const bytes = new Uint8Array(4 + Math.ceil(value.length / 4) * 4);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, length, LE);
  view.setUint16(2, type, LE);
  bytes.set(value, 4);
  return bytes;
}

export const joined = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));
const u32 = (value: number): Uint8Array => {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, LE);
  return bytes;
};

/** nlmsghdr (16 bytes), genlmsghdr (4), attributes. */
export function genericMessage(type: number, command: number, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(20 + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.length, LE);
  view.setUint16(4, type, LE);
  bytes[16] = command;
  bytes[17] = 1;
  bytes.set(payload, 20);
  return bytes;
}

/** nlmsghdr and a negative errno, then the request's header. */
export function errorMessage(errno: number): Uint8Array {
  const bytes = new Uint8Array(36);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 36, LE);
  view.setUint16(4, 2, LE);
  view.setInt32(16, -errno, LE);
  return bytes;
}

export const FAMILY = 0x1b;
const NESTED = 0x8000;

export interface ThreadMessage {
  readonly version?: number;
  readonly tid: number;
  readonly stats: Taskstats;
  /** The sums of the whole process, with its last thread. */
  readonly process?: { readonly tgid: number; readonly stats: Taskstats };
  /** Some kernels align what follows with an empty attribute. */
  readonly padded?: boolean;
}

/** As the kernel sends it when a thread ends. */
export function threadMessage({ version = 16, tid, stats, process, padded }: ThreadMessage): Uint8Array {
  const pad = padded ? attribute(6, new Uint8Array(0)) : new Uint8Array(0);
  const own = attribute(4 | NESTED, joined(attribute(1, u32(tid)), pad, attribute(3, taskstats(version, stats))));
  const sums =
    process === undefined
      ? new Uint8Array(0)
      : attribute(5 | NESTED, joined(attribute(2, u32(process.tgid)), attribute(3, taskstats(version, process.stats))));
  return genericMessage(FAMILY, 2, joined(own, sums));
}
