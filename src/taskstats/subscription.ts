/**
 * The subscription to the kernel's accounts of ended threads: one socket that hears all CPUs, and the count of what did not fit into its
 * queue. Unlike the connector's events they are sent to us alone and only for the asking.
 *
 * Source: kernel/taskstats.c, Documentation/accounting/taskstats.rst, and measurements on 6.18.
 */
import { describeErrno } from '../errors.ts';
import {
  MEMINFO,
  NETLINK_NO_ENOBUFS,
  SO_MEMINFO,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SOL_NETLINK,
  SOL_SOCKET,
} from '../netlink/abi.ts';
import type { ConnectorSocket } from '../netlink/socket.ts';
import type { AccountDoors } from '../usage/doors.ts';
import { CONTROLLER, TASKSTATS } from './abi.ts';
import { decodeThreadEnd, type ThreadEnd } from './decode.ts';
import {
  attributeIn,
  attributesOf,
  type Extent,
  encodeRequest,
  errorAt,
  headerAt,
  textValue,
  u16At,
} from './genetlink.ts';

/** An account takes 1280 bytes of the queue, and the kernel doubles what is asked for: some 26,000 accounts. */
const BUFFER_BYTES = 16 * 2 ** 20;

const int = (value: number): Uint8Array => new Uint8Array(Int32Array.of(value).buffer);

/** Takes the datagrams of one `receive`, as places in its words. */
function eachDatagram(socket: ConnectorSocket, count: number, take: (datagram: Extent) => void): void {
  const { stride, lengths, senders } = socket.received;
  for (let i = 0; i < count; i++) {
    // The kernel has port 0, and nobody else.
    if (senders[i] === 0) take({ start: i * stride * 4, end: i * stride * 4 + Math.min(lengths[i], stride * 4) });
  }
}

/** The number of a family, which differs from boot to boot; undefined where the kernel has no such family. */
function familyOf(socket: ConnectorSocket, name: string): number | undefined {
  const { family, getFamily: command, attributes } = CONTROLLER;
  socket.send(encodeRequest({ family, command, attribute: attributes.name, value: textValue(name) }));
  let found: number | undefined;
  // Answers are queued when `send` returns.
  for (let count = socket.receive(); count > 0; count = socket.receive()) {
    eachDatagram(socket, count, (datagram) => {
      const { words } = socket.received;
      const header = headerAt(words, datagram);
      if (header === undefined || header.type !== family) return;
      const id = attributeIn(words, attributesOf(datagram.start), header.end, attributes.id);
      found = id === undefined ? found : u16At(words, id.start);
    });
  }
  return found;
}

const EPERM = 1;

function whyRefused(errno: number): string {
  return errno === EPERM
    ? 'the kernel gives its accounts to CAP_NET_ADMIN only, in the initial user namespace'
    : `the kernel does not give its accounts here: ${describeErrno(errno)}`;
}

export class TaskstatsSubscription {
  private readonly socket: ConnectorSocket;
  private readonly family: number;
  private readonly info = new Uint32Array(MEMINFO.words);
  private dropsSeen = 0;

  private constructor(socket: ConnectorSocket, family: number) {
    this.socket = socket;
    this.family = family;
  }

  /** Never throws for what the kernel refuses: the reason is for people. */
  static open(doors: AccountDoors): TaskstatsSubscription | { readonly reason: string } {
    // Elsewhere the kernel agrees to everything, and sends nothing.
    if (!doors.isInitialNetwork()) {
      return { reason: "the kernel sends its accounts to the host's network namespace only (--network=host)" };
    }
    const socket = doors.openTaskstats();
    if ('errno' in socket) return { reason: `cannot open a socket: ${describeErrno(socket.errno)}` };
    const errno = socket.bind();
    const family = errno === 0 ? familyOf(socket, TASKSTATS.name) : undefined;
    const subscription = family === undefined ? undefined : new TaskstatsSubscription(socket, family);
    const refusal = subscription?.register(doors.possibleCpus());
    if (subscription !== undefined && refusal === undefined) return subscription;
    socket.close();
    return { reason: refusal ?? 'this kernel keeps no accounts (CONFIG_TASKSTATS)' };
  }

  private register(cpus: string): string | undefined {
    const { socket, family } = this;
    socket.setOption(SOL_SOCKET, SO_RCVBUF, int(BUFFER_BYTES));
    socket.setOption(SOL_SOCKET, SO_RCVBUFFORCE, int(BUFFER_BYTES));
    // As on the connector: an overflow drops what does not fit and nothing else.
    socket.setOption(SOL_NETLINK, NETLINK_NO_ENOBUFS, int(1));
    const { registerCpus: attribute } = TASKSTATS.request;
    const value = textValue(cpus.trim());
    const failed = socket.send(encodeRequest({ family, command: TASKSTATS.commands.get, attribute, value }));
    const errno = failed === 0 ? this.acknowledgement() : failed;
    return errno === 0 ? undefined : whyRefused(errno);
  }

  /** Accounts may come before it and among it: only their exits would tell whose they are, and those are not heard yet. */
  private acknowledgement(): number {
    let errno = EPERM;
    for (let count = this.socket.receive(); count > 0; count = this.socket.receive()) {
      eachDatagram(this.socket, count, (datagram) => {
        errno = errorAt(this.socket.received.words, datagram) ?? errno;
      });
    }
    return errno;
  }

  /** Tells every account that is queued; returns how many datagrams there were. */
  drain(onEnd: (end: ThreadEnd) => void): number {
    const { lengths, words } = this.socket.received;
    const take = (datagram: Extent): void => {
      const end = decodeThreadEnd(words, datagram, this.family);
      if (end !== undefined) onEnd(end);
    };
    let total = 0;
    for (let count = lengths.length; count === lengths.length; ) {
      count = this.socket.receive();
      total += count;
      eachDatagram(this.socket, count, take);
    }
    return total;
  }

  /** Accounts of threads dropped because our queue was full, since the last call. Exact. */
  takeDrops(): number {
    this.socket.getOption(SOL_SOCKET, SO_MEMINFO, this.info);
    const drops = this.info[MEMINFO.drops];
    const fresh = (drops - this.dropsSeen) >>> 0;
    this.dropsSeen = drops;
    return fresh;
  }

  onReadable(listener: () => void) {
    return this.socket.onReadable(listener);
  }

  /** The kernel forgets a listener whose socket is gone. */
  close(): void {
    this.socket.close();
  }
}
