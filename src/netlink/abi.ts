/**
 * The numbers of the kernel's netlink and connector interfaces that procwatch uses, and where each field
 * of a proc connector datagram lies. Knows nothing about sockets or about what an event means.
 *
 * Sources: linux/netlink.h, linux/connector.h, linux/cn_proc.h, asm-generic/socket.h, linux/filter.h.
 */

/** Netlink is in the host's byte order; the few places below word size must know which that is. */
export const LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/** Protocol family and protocol of the connector's socket (linux/socket.h, linux/netlink.h). */
export const AF_NETLINK = 16;
export const NETLINK_CONNECTOR = 11;

/** `setsockopt` levels and names (linux/netlink.h; asm-generic/socket.h, the same on x86-64 and arm64). */
export const SOL_NETLINK = 270;
export const NETLINK_ADD_MEMBERSHIP = 1;
export const NETLINK_NO_ENOBUFS = 5;
export const SOL_SOCKET = 1;
export const SO_RCVBUF = 8;
export const SO_ATTACH_FILTER = 26;
export const SO_RCVBUFFORCE = 33;
export const SO_MEMINFO = 55;

/** Places in the array of u32 that SO_MEMINFO returns (linux/sock_diag.h, SK_MEMINFO_*). */
export const MEMINFO = { used: 0, receiveBuffer: 1, drops: 8, words: 9 } as const;

/** The connector's address: group and message id are both 1 (CN_IDX_PROC, CN_VAL_PROC). */
export const CN_IDX_PROC = 1;
export const CN_VAL_PROC = 1;

/** nlmsg_type of every connector message, events and acknowledgements alike. */
export const NLMSG_DONE = 3;

/** `enum proc_cn_mcast_op`: what a listener asks for. */
export const PROC_CN_MCAST = { listen: 1, ignore: 2 } as const;

/** Sizes in bytes. A datagram is nlmsghdr + cn_msg + proc_event, without padding. */
export const SIZE = {
  nlmsghdr: 16,
  cnMsg: 20,
  /** proc_event since the comm event exists (3.2); 2.6 kernels send 32. */
  procEvent: 40,
  oldProcEvent: 32,
  datagram: 76,
} as const;

/** Offset in bytes of each header field from the start of the datagram. All but the time are u32 or u16. */
export const OFFSET = {
  length: 0,
  type: 4,
  idx: 16,
  val: 20,
  sequence: 24,
  ack: 28,
  payloadLength: 32,
  what: 36,
  cpu: 40,
  /** u64 nanoseconds of CLOCK_MONOTONIC, only 4-byte aligned. */
  timestamp: 44,
  /** Start of the union `event_data`; 24 bytes, zero where an event does not use it. */
  data: 52,
} as const;
