/**
 * The numbers of generic netlink and of its family TASKSTATS that procwatch uses. Knows nothing about sockets or about what an account
 * means.
 *
 * Sources: linux/netlink.h, linux/genetlink.h, linux/taskstats.h.
 */

export const NETLINK_GENERIC = 16;

export const NLM_F = { request: 1, acknowledge: 4 } as const;
/** nlmsg_type of an answer that is an errno; 0 is an acknowledgement. */
export const NLMSG_ERROR = 2;

/** Bytes of nlmsghdr, genlmsghdr and nlattr. Attributes begin at multiples of 4. */
export const HEADER = { netlink: 16, generic: 4, attribute: 4, align: 4 } as const;
/** Two bits of an attribute's type are flags (NLA_F_NESTED, NLA_F_NET_BYTEORDER). */
export const ATTRIBUTE_TYPE = 0x3fff;

/** The family that knows all families (GENL_ID_CTRL). */
export const CONTROLLER = { family: 0x10, getFamily: 3, attributes: { id: 1, name: 2 } } as const;

export const TASKSTATS = {
  name: 'TASKSTATS',
  commands: { get: 1, fresh: 2 },
  /** Of a request. */
  request: { pid: 1, tgid: 2, registerCpus: 3, deregisterCpus: 4 },
  /** Of what the kernel sends. */
  attributes: { pid: 1, tgid: 2, stats: 3, ofThread: 4, ofProcess: 5 },
} as const;

/** ac_flag: the last thread of its process (AGROUP). */
export const LAST_THREAD = 0x20;
