/**
 * The control messages a listener sends to the kernel: LISTEN and IGNORE, with or without an event mask.
 * Source: linux/cn_proc.h (`struct proc_input`), drivers/connector/cn_proc.c (`cn_proc_mcast_ctl`).
 */
import { CN_IDX_PROC, CN_VAL_PROC, LITTLE_ENDIAN, NLMSG_DONE, OFFSET, SIZE } from './abi.ts';

export interface Control {
  /** A `PROC_CN_MCAST` operation. */
  readonly op: number;
  /** Events wanted. Given, the message is the 8-byte form, which kernels before 6.6 drop without an answer. */
  readonly mask?: number;
  /** u32; the acknowledgement comes back with this plus one. */
  readonly token: number;
}

export function encodeControl({ op, mask, token }: Control): Uint8Array {
  const payload = mask === undefined ? [op] : [op, mask];
  const bytes = new Uint8Array(SIZE.nlmsghdr + SIZE.cnMsg + payload.length * 4);
  const view = new DataView(bytes.buffer);
  view.setUint32(OFFSET.length, bytes.length, LITTLE_ENDIAN);
  view.setUint16(OFFSET.type, NLMSG_DONE, LITTLE_ENDIAN);
  view.setUint32(OFFSET.idx, CN_IDX_PROC, LITTLE_ENDIAN);
  view.setUint32(OFFSET.val, CN_VAL_PROC, LITTLE_ENDIAN);
  view.setUint32(OFFSET.ack, token, LITTLE_ENDIAN);
  view.setUint16(OFFSET.payloadLength, payload.length * 4, LITTLE_ENDIAN);
  payload.forEach((value, i) => {
    view.setUint32(SIZE.nlmsghdr + SIZE.cnMsg + i * 4, value, LITTLE_ENDIAN);
  });
  return bytes;
}

/** What the kernel sends back for `token` (it adds one, modulo 2^32). */
export function acknowledges(token: number): number {
  return (token + 1) >>> 0;
}
