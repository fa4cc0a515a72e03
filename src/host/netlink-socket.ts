/**
 * The real netlink sockets, the connector's and that of generic netlink: read with recvmmsg into one buffer that is laid out once.
 * Source: netlink(7), recvmmsg(2).
 */

import * as libc from '../linux/libc.ts';
import { whenReadable } from '../linux/readiness.ts';
import { SystemError } from '../linux/system-error.ts';
import { AF_NETLINK, NETLINK_CONNECTOR, SO_ATTACH_FILTER, SOL_SOCKET } from '../netlink/abi.ts';
import type { ConnectorSocket, OpenConnector, Opened, Readiness, Received } from '../netlink/socket.ts';
import { NETLINK_GENERIC } from '../taskstats/abi.ts';

const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const SOCK_NONBLOCK = 0o4000;
const MSG_DONTWAIT = 0x40;
const EINTR = 4;
const EAGAIN = 11;

/** Datagrams a call, and bytes for each: what is longer is cut. */
interface Shape {
  readonly slots: number;
  readonly slotBytes: number;
}

/** An event has 76; what is longer than this is malformed. */
const CONNECTOR_BYTES = 128;
/** An account has 596 bytes, that of the last of several threads 1172; newer kernels add to it. */
const OF_TASKSTATS: Shape = { slots: 64, slotBytes: 2048 };

/** `struct sockaddr_nl`: u16 family, u16 pad, u32 pid, u32 groups. */
const ADDRESS = { bytes: 12, words: 3, pidWord: 1 } as const;

/** The kernel reads and writes it: kept, since a buffer that C gets for the first time is moved, which costs more than the call. */
const optionLength = new Uint32Array(1);

const outcome = (result: number): number => (result < 0 ? libc.errno() : 0);

/** Puts words of the machine, by their index. */
function putterOf(bytes: Uint8Array): (index: number, word: bigint) => void {
  if (libc.WORD_BYTES === 4) {
    const words = new Uint32Array(bytes.buffer);
    return (index, word) => {
      words[index] = Number(word);
    };
  }
  const words = new BigUint64Array(bytes.buffer);
  return (index, word) => {
    words[index] = word;
  };
}

/** `struct mmsghdr[slots]` and what its pointers lead to. `struct msghdr` in words of the machine: name, namelen, iov, iovlen, … */
class Slots {
  readonly received: Received;
  readonly headers: Uint8Array;
  /** The kernel sees these through raw addresses only: they must live as long as the headers. */
  readonly held: readonly Uint8Array[];
  private readonly lengthStep: number;
  private readonly lengthWords: Uint32Array;
  private readonly addressWords: Uint32Array;

  constructor({ slots, slotBytes }: Shape) {
    const word = libc.WORD_BYTES;
    const headerBytes = 8 * word;
    const lengthOffset = 7 * word;
    const data = new Uint8Array(slots * slotBytes);
    const addresses = new Uint8Array(slots * ADDRESS.bytes);
    const vectors = new Uint8Array(slots * 2 * word);
    this.headers = new Uint8Array(slots * headerBytes);
    this.held = [data, addresses, vectors];
    const putHeader = putterOf(this.headers);
    const putVector = putterOf(vectors);
    const [toData, toAddresses, toVectors] = this.held.map((bytes) => libc.addressOf(bytes));
    for (let i = 0; i < slots; i++) {
      putVector(2 * i, toData + BigInt(i * slotBytes));
      putVector(2 * i + 1, BigInt(slotBytes));
      putHeader(8 * i, toAddresses + BigInt(i * ADDRESS.bytes));
      putHeader(8 * i + 1, BigInt(ADDRESS.bytes));
      putHeader(8 * i + 2, toVectors + BigInt(i * 2 * word));
      putHeader(8 * i + 3, 1n);
    }
    this.lengthStep = headerBytes / 4;
    this.lengthWords = new Uint32Array(this.headers.buffer, lengthOffset);
    this.addressWords = new Uint32Array(addresses.buffer);
    this.received = {
      words: new Uint32Array(data.buffer),
      stride: slotBytes / 4,
      lengths: new Uint32Array(slots),
      senders: new Uint32Array(slots),
    };
  }

  /** Copies what the kernel wrote about the first `count` slots to where the reader looks. */
  publish(count: number): void {
    const { lengths, senders } = this.received;
    for (let i = 0; i < count; i++) {
      lengths[i] = this.lengthWords[i * this.lengthStep];
      senders[i] = this.addressWords[i * ADDRESS.words + ADDRESS.pidWord];
    }
  }
}

class LinuxNetlinkSocket implements ConnectorSocket {
  private readonly fd: number;
  private readonly count: number;
  private readonly slots: Slots;
  private readiness: Readiness | undefined;
  readonly received: Received;

  constructor(fd: number, shape: Shape) {
    this.fd = fd;
    this.count = shape.slots;
    this.slots = new Slots(shape);
    this.received = this.slots.received;
  }

  bind(): number {
    const address = new Uint16Array(ADDRESS.bytes / 2);
    address[0] = AF_NETLINK;
    return outcome(libc.bind(this.fd, address, ADDRESS.bytes));
  }

  setOption(level: number, name: number, value: Uint8Array): number {
    return outcome(libc.setsockopt(this.fd, level, name, value, value.byteLength));
  }

  getOption(level: number, name: number, into: Uint32Array): number {
    optionLength[0] = into.byteLength;
    return outcome(libc.getsockopt(this.fd, level, name, into, optionLength));
  }

  /** `struct sock_fprog`: u16 length, then a pointer at the next word. */
  attachFilter(program: Uint8Array): number {
    const instructionBytes = 8;
    const header = new Uint8Array(2 * libc.WORD_BYTES);
    new Uint16Array(header.buffer)[0] = program.byteLength / instructionBytes;
    putterOf(header)(1, libc.addressOf(program));
    return this.setOption(SOL_SOCKET, SO_ATTACH_FILTER, header);
  }

  send(bytes: Uint8Array): number {
    return outcome(libc.send(this.fd, bytes, bytes.byteLength, 0));
  }

  receive(): number {
    for (;;) {
      const count = libc.recvmmsg(this.fd, this.slots.headers, this.count, MSG_DONTWAIT, null);
      if (count >= 0) {
        this.slots.publish(count);
        return count;
      }
      const errno = libc.errno();
      if (errno === EAGAIN) return 0;
      if (errno !== EINTR) throw new SystemError('recvmmsg', errno);
    }
  }

  onReadable(listener: () => void): Readiness {
    this.readiness = whenReadable(this.fd, listener);
    return this.readiness;
  }

  close(): void {
    this.readiness?.close();
    libc.close(this.fd);
  }
}

function open(protocol: number, shape: Shape): Opened {
  const fd = libc.socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
  return fd < 0 ? { errno: libc.errno() } : new LinuxNetlinkSocket(fd, shape);
}

export const openConnector: OpenConnector = (slots) => open(NETLINK_CONNECTOR, { slots, slotBytes: CONNECTOR_BYTES });
export const openTaskstats = (): Opened => open(NETLINK_GENERIC, OF_TASKSTATS);
