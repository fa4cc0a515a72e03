/**
 * The records in which our programs tell signals and victims: the layout, declared once for the programs that write and for the reader.
 * Pure. All pids and user ids are numbers of the initial namespaces.
 */
import type { SentSignal, Victim } from '../cause/sent-signal.ts';
import { commAt, momentAt } from './record-fields.ts';

/** What a record tells. */
export const CAUSE_KIND = { signal: 1, victim: 2 } as const;

/** Byte offsets of a signal; u32 unless said otherwise. */
export const SENT = {
  /** u64, ns, CLOCK_MONOTONIC: the clock of the connector's events. */
  at: 0,
  kind: 8,
  signal: 12,
  /** u64, ns, CLOCK_BOOTTIME: birth of the process it was sent to, and of the one that was running. */
  start: 16,
  senderStart: 24,
  /** u64: the first eight bytes of what follows si_code. */
  address: 32,
  /** u64: where its memory is described. */
  memory: 40,
  /** char[16] */
  senderComm: 48,
  pid: 64,
  tid: 68,
  senderPid: 72,
  senderTid: 76,
  senderUid: 80,
  /** task_struct.flags */
  senderFlags: 84,
  /** i32: si_code */
  code: 88,
  /** `INFO` */
  info: 92,
  isForGroup: 96,
  /** `WHY` */
  why: 100,
  isOnStack: 104,
  syscall: 108,
  ptrace: 112,
  tracer: 116,
  parentDeathSignal: 120,
  isInExec: 124,
  bytes: 128,
} as const;

/** Of a victim. */
export const VICTIM = {
  at: 0,
  kind: 8,
  /** The thread that asked for memory. */
  triggerTid: 12,
  /** u64; 0 where the kernel only told the number of a thread. */
  start: 16,
  pid: 24,
  tid: 28,
  /** u64 */
  memory: 32,
  /** u64: pages; 0 where they could not be read. */
  resident: 40,
  bytes: 48,
} as const;

/** include/linux/sched.h: PF_EXITING */
const ENDING = 0x4;

export function signalAt(bytes: Buffer, at: number): SentSignal {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, SENT.bytes);
  const u32 = (field: number): number => view.getUint32(field, true);
  return {
    at: momentAt(view, SENT.at),
    signal: u32(SENT.signal),
    why: u32(SENT.why),
    info: u32(SENT.info),
    code: view.getInt32(SENT.code, true),
    address: view.getBigUint64(SENT.address, true),
    syscall: u32(SENT.syscall),
    isOnStack: u32(SENT.isOnStack) !== 0,
    isForGroup: u32(SENT.isForGroup) !== 0,
    target: {
      pid: u32(SENT.pid),
      tid: u32(SENT.tid),
      start: momentAt(view, SENT.start),
      ptrace: u32(SENT.ptrace),
      tracer: u32(SENT.tracer),
      parentDeathSignal: u32(SENT.parentDeathSignal),
      memory: view.getBigUint64(SENT.memory, true),
      isInExec: u32(SENT.isInExec) !== 0,
    },
    sender: {
      pid: u32(SENT.senderPid),
      tid: u32(SENT.senderTid),
      start: momentAt(view, SENT.senderStart),
      uid: u32(SENT.senderUid),
      comm: commAt(bytes, at + SENT.senderComm),
      isEnding: (u32(SENT.senderFlags) & ENDING) !== 0,
    },
  };
}

export function victimAt(bytes: Buffer, at: number, pageBytes: number): Victim {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, VICTIM.bytes);
  const pages = Number(view.getBigUint64(VICTIM.resident, true));
  const start = momentAt(view, VICTIM.start);
  return {
    at: momentAt(view, VICTIM.at),
    tid: view.getUint32(VICTIM.tid, true),
    start: start.seconds === 0 && start.nanos === 0 ? undefined : start,
    triggerTid: view.getUint32(VICTIM.triggerTid, true),
    memory: view.getBigUint64(VICTIM.memory, true),
    residentKib: pages === 0 ? undefined : (pages * pageBytes) / 1024,
  };
}
