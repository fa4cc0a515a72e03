/**
 * Whether the kernel gives us its accounts of processes: asks generic netlink for the family TASKSTATS, and the family for our own
 * account. Source: linux/genetlink.h, linux/taskstats.h, Documentation/accounting/taskstats.rst.
 */
import type { Answers } from '../doctor/probes.ts';
import * as libc from '../linux/libc.ts';
import { isInitial, isInitialNetwork } from '../linux/namespaces.ts';
import { AF_NETLINK, LITTLE_ENDIAN, SIZE } from '../netlink/abi.ts';

const NETLINK_GENERIC = 16;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const NLM_F_REQUEST = 1;
const NLMSG_ERROR = 2;
const GENL_HEADER_BYTES = 4;
const ATTRIBUTE_HEADER_BYTES = 4;

/** The controller of families, the command that looks one up, and the attributes of name and number. */
const CONTROLLER = { family: 0x10, getFamily: 3, name: 2, id: 1 } as const;
/** TASKSTATS_CMD_GET with TASKSTATS_CMD_ATTR_PID. */
const TASKSTATS = { name: 'TASKSTATS', get: 1, pid: 1 } as const;

interface Request {
  readonly family: number;
  readonly command: number;
  readonly attribute: number;
  readonly value: Uint8Array;
}

/** nlmsghdr, genlmsghdr (u8 command, u8 version, u16) and one attribute (u16 length, u16 type), padded to four bytes. */
function encode({ family, command, attribute, value }: Request): Uint8Array {
  const attributeAt = SIZE.nlmsghdr + GENL_HEADER_BYTES;
  const length = attributeAt + ATTRIBUTE_HEADER_BYTES + value.length;
  const view = new DataView(new ArrayBuffer(Math.ceil(length / 4) * 4));
  view.setUint32(0, view.byteLength, LITTLE_ENDIAN);
  view.setUint16(4, family, LITTLE_ENDIAN);
  view.setUint16(6, NLM_F_REQUEST, LITTLE_ENDIAN);
  view.setUint8(SIZE.nlmsghdr, command);
  view.setUint8(SIZE.nlmsghdr + 1, 1);
  view.setUint16(attributeAt, ATTRIBUTE_HEADER_BYTES + value.length, LITTLE_ENDIAN);
  view.setUint16(attributeAt + 2, attribute, LITTLE_ENDIAN);
  const bytes = new Uint8Array(view.buffer);
  bytes.set(value, attributeAt + ATTRIBUTE_HEADER_BYTES);
  return bytes;
}

/** The answer, which is queued when `send` returns; undefined where the kernel answered with an error. */
function ask(fd: number, request: Request): DataView | undefined {
  const bytes = encode(request);
  const reply = new Uint8Array(4096);
  if (libc.send(fd, bytes, bytes.length, 0) < 0) return undefined;
  const length = libc.read(fd, reply, reply.length);
  const view = new DataView(reply.buffer, 0, Math.max(length, 0));
  if (length < SIZE.nlmsghdr || view.getUint16(4, LITTLE_ENDIAN) === NLMSG_ERROR) return undefined;
  return view;
}

/** The u16 of the first attribute of this type. */
function attributeIn(reply: DataView, type: number): number | undefined {
  let at = SIZE.nlmsghdr + GENL_HEADER_BYTES;
  while (at + ATTRIBUTE_HEADER_BYTES < reply.byteLength) {
    const length = reply.getUint16(at, LITTLE_ENDIAN);
    if (reply.getUint16(at + 2, LITTLE_ENDIAN) === type)
      return reply.getUint16(at + ATTRIBUTE_HEADER_BYTES, LITTLE_ENDIAN);
    if (length < ATTRIBUTE_HEADER_BYTES) return undefined;
    at += Math.ceil(length / 4) * 4;
  }
  return undefined;
}

export function askTaskstats(): Answers['taskstats'] {
  if (!isInitialNetwork() || !isInitial('pid')) return 'elsewhere';
  const fd = libc.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
  if (fd < 0) return 'absent';
  try {
    const name = Buffer.from(`${TASKSTATS.name}\0`);
    const { family, getFamily } = CONTROLLER;
    const found = ask(fd, { family, command: getFamily, attribute: CONTROLLER.name, value: name });
    const id = found && attributeIn(found, CONTROLLER.id);
    if (id === undefined) return 'absent';
    const self = new Uint8Array(Uint32Array.of(process.pid).buffer);
    return ask(fd, { family: id, command: TASKSTATS.get, attribute: TASKSTATS.pid, value: self }) ? 'given' : 'refused';
  } finally {
    libc.close(fd);
  }
}
