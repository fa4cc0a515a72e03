/**
 * The record of one exec as our program in the kernel writes it: the layout, declared once for the program and for the reader, and the
 * decoder. Pure. All pids and user ids are numbers of the initial namespaces, like the connector's.
 *
 * Source: kernel/fs: exec.c (`exec_binprm`: trace_sched_process_exec comes right before proc_exec_connector).
 */
import type { FileId } from '../process/image.ts';
import type { Moment } from '../process/moment.ts';
import type { Text } from '../process/text.ts';
import { argsIn, commAt, fastText, momentAt } from './record-fields.ts';

/** Byte offsets. Behind the header follow `argsStored` bytes of arguments and then, with its NUL, the path. */
export const EXEC = {
  /** u64, ns, CLOCK_MONOTONIC: the clock of the connector's events. */
  at: 0,
  /** u64, ns, CLOCK_BOOTTIME: task_struct.start_boottime, what /proc/PID/stat tells in ticks. */
  start: 8,
  tgid: 16,
  /** Thread that called exec; it takes over the number of the process. */
  caller: 20,
  parentTgid: 24,
  realUid: 28,
  effectiveUid: 32,
  argsStored: 36,
  /** u64: true length in bytes. */
  argsTotal: 40,
  /** i32: 0, or minus an errno: the arguments could not be copied. */
  argsResult: 48,
  /** i32: bytes of the path with its NUL; 256 if it was cut; minus an errno. */
  pathResult: 52,
  /** u64 and u32: which file runs; only if `hasFile` is 1. */
  inode: 56,
  device: 64,
  hasFile: 68,
  comm: 72,
  bytes: 88,
} as const;

export const PATH_BYTES = 256;
/** A value of a per-CPU map has 32 KiB at the most: header, arguments and path must fit. */
export const ARGS_LIMIT = 32 * 1024 - EXEC.bytes - PATH_BYTES;

/** What tells whose record it is. */
export interface ExecKey {
  readonly tgid: number;
  readonly at: Moment;
}

export interface ExecRecord extends ExecKey {
  /** On CLOCK_BOOTTIME. */
  readonly start: Moment;
  readonly callerTid: number;
  readonly parentTgid: number;
  readonly realUid: number;
  readonly effectiveUid: number;
  readonly comm: Text;
  /** Undefined if the kernel could not copy them, or was not asked to. */
  readonly args: readonly Text[] | undefined;
  /** Bytes of all arguments with their NULs, where `args` are only the beginning: the last of them may be cut anywhere. */
  readonly argsTotal: number | undefined;
  /** As it was passed to execve(2): of a script the script, of a descriptor /dev/fd/N. May be relative. */
  readonly path: Text | undefined;
  /** The file that runs; of a script its interpreter. */
  readonly file: FileId | undefined;
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Undefined if the record is none of ours: too short for what it says. */
export function execKeyOf(bytes: Uint8Array): ExecKey | undefined {
  if (bytes.byteLength < EXEC.bytes) return undefined;
  const view = viewOf(bytes);
  if (EXEC.bytes + view.getUint32(EXEC.argsStored, true) > bytes.byteLength) return undefined;
  return { tgid: view.getUint32(EXEC.tgid, true), at: momentAt(view, EXEC.at) };
}

/** Undefined as `execKeyOf`. Nothing of the result points into `bytes`. */
export function decodeExec(bytes: Uint8Array): ExecRecord | undefined {
  const key = execKeyOf(bytes);
  if (key === undefined) return undefined;
  const view = viewOf(bytes);
  const argsEnd = EXEC.bytes + view.getUint32(EXEC.argsStored, true);
  const total = Number(view.getBigUint64(EXEC.argsTotal, true));
  const isCut = argsEnd > EXEC.bytes && total > argsEnd - EXEC.bytes;
  // Written out, not spread: that costs ten times the rest.
  return {
    tgid: key.tgid,
    at: key.at,
    start: momentAt(view, EXEC.start),
    callerTid: view.getUint32(EXEC.caller, true),
    parentTgid: view.getUint32(EXEC.parentTgid, true),
    realUid: view.getUint32(EXEC.realUid, true),
    effectiveUid: view.getUint32(EXEC.effectiveUid, true),
    comm: commAt(bytes, EXEC.comm),
    args: argsEnd > EXEC.bytes ? argsIn(bytes.subarray(EXEC.bytes, argsEnd)) : undefined,
    argsTotal: isCut ? total : undefined,
    path: pathIn(bytes.subarray(argsEnd), view.getInt32(EXEC.pathResult, true)),
    file: fileIn(view),
  };
}

function pathIn(rest: Uint8Array, result: number): Text | undefined {
  return result > 1 && result <= rest.byteLength ? fastText(rest.subarray(0, result - 1)) : undefined;
}

/** The kernel's own dev_t: 12 bits major, 20 bits minor (include/linux/kdev_t.h). */
function fileIn(view: DataView): FileId | undefined {
  if (view.getUint32(EXEC.hasFile, true) !== 1) return undefined;
  const device = view.getUint32(EXEC.device, true);
  return { device: `${device >>> 20}:${device & 0xfffff}`, inode: view.getBigUint64(EXEC.inode, true) };
}
