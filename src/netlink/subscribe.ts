/**
 * The handshake with the kernel, in the order that loses and mixes nothing: two sockets, a control socket that hears only
 * acknowledgements and an event socket with the real selection. Owns the listener's life: subscribe, heartbeat, leave.
 *
 * Why two: an acknowledgement reaches only a socket whose mask is exactly "everything". Why the filter comes before the group:
 * otherwise unselected events arrive first. Source: drivers/connector/cn_proc.c, and measurements on 6.18.
 */
import { describeErrno, Failure } from '../errors.ts';
import {
  CN_IDX_PROC,
  MEMINFO,
  NETLINK_ADD_MEMBERSHIP,
  NETLINK_NO_ENOBUFS,
  PROC_CN_MCAST,
  SO_MEMINFO,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SOL_NETLINK,
  SOL_SOCKET,
} from './abi.ts';
import { decode } from './decode.ts';
import {
  type Circumstances,
  explainConnectorAbsent,
  explainSilence,
  isOrdinaryPlace,
  needsPrivilege,
} from './diagnose.ts';
import { acknowledges, encodeControl } from './encode.ts';
import { MASK_ALL } from './events.ts';
import { acknowledgementFilter, eventFilter, type Hearing, kernelMask } from './filter.ts';
import type { ConnectorSocket, OpenConnector } from './socket.ts';

const EPERM = 1;
/** An event costs 0.6 µs at this number; laying out so many slots takes its time, and answers are few. */
const EVENTS_AT_ONCE = 512;
const ANSWERS_AT_ONCE = 8;
/** Bytes of the queue that an event takes at the most: 832 on Linux 6.18 with pages of 4 KiB. */
const MOST_BYTES_QUEUED = 8192;
/** How far below zero the host's count of listeners may be and we still bring it back. */
const REVIVE_ATTEMPTS = 64;

export interface SubscribeOptions {
  readonly open: OpenConnector;
  readonly hearing: Hearing;
  /** Bytes asked for the receive queue, as the kernel's own limit counts them. */
  readonly bufferBytes: number;
  /** A random u32: a token nobody else can guess. */
  readonly random: () => number;
  readonly circumstances: () => Circumstances;
}

/** What a heartbeat found: `recovered` means that events of unknown number were lost since the one before. */
export type Heartbeat = 'heard' | 'recovered' | 'deaf' | 'unchecked';

const int = (value: number): Uint8Array => new Uint8Array(Int32Array.of(value).buffer);

function open({ open }: SubscribeOptions, datagrams: number): ConnectorSocket {
  const socket = open(datagrams);
  if ('errno' in socket) throw explainConnectorAbsent(socket.errno);
  const errno = socket.bind();
  if (errno !== 0) throw new Failure('unavailable', `cannot bind a netlink socket: ${describeErrno(errno)}`);
  return socket;
}

function join(socket: ConnectorSocket): void {
  const errno = socket.setOption(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, int(CN_IDX_PROC));
  if (errno === EPERM) throw needsPrivilege(errno);
  if (errno !== 0) throw new Failure('unavailable', `cannot join the process event group: ${describeErrno(errno)}`);
}

/** Everything queued on the control socket; true when it held the answer to `token`, whose error is then in `error`. */
function findAnswer(control: ConnectorSocket, token: number): { error: number } | undefined {
  let answer: { error: number } | undefined;
  for (let count = control.receive(); count > 0; count = control.receive()) {
    const { words, stride, lengths, senders } = control.received;
    for (let i = 0; i < count; i++) {
      const message = decode(words, i * stride, lengths[i], senders[i]);
      if (typeof message === 'object' && message.kind === 'ack' && message.token === acknowledges(token)) {
        answer = { error: message.error };
      }
    }
  }
  return answer;
}

/** Sends LISTEN for everything and returns the answer, which is queued when `send` returns or never comes. */
function listen(
  control: ConnectorSocket,
  options: SubscribeOptions,
  form: { mask?: number },
): { error: number } | undefined {
  findAnswer(control, 0);
  const token = options.random();
  const errno = control.send(encodeControl({ op: PROC_CN_MCAST.listen, token, ...form }));
  if (errno !== 0) throw explainSilence(options.circumstances(), { sendErrno: errno });
  return findAnswer(control, token);
}

function openControl(options: SubscribeOptions): ConnectorSocket {
  const control = open(options, ANSWERS_AT_ONCE);
  control.setOption(SOL_NETLINK, NETLINK_NO_ENOBUFS, int(1));
  control.attachFilter(acknowledgementFilter());
  try {
    join(control);
  } catch (error) {
    control.close();
    throw error;
  }
  return control;
}

/** Grows the receive queue as far as the kernel lets us; returns what was granted, in the unit that was asked. */
function growReceiveBuffer(socket: ConnectorSocket, wanted: number): number {
  socket.setOption(SOL_SOCKET, SO_RCVBUF, int(wanted));
  if (receiveBuffer(socket) < wanted) socket.setOption(SOL_SOCKET, SO_RCVBUFFORCE, int(wanted));
  return receiveBuffer(socket);
}

/** The kernel doubles what is asked for, to cover its own overhead. */
const receiveBuffer = (socket: ConnectorSocket): number => memoryInfo(socket)[MEMINFO.receiveBuffer] / 2;

function memoryInfo(socket: ConnectorSocket): Uint32Array {
  const info = new Uint32Array(MEMINFO.words);
  socket.getOption(SOL_SOCKET, SO_MEMINFO, info);
  return info;
}

export class Subscription {
  readonly events: ConnectorSocket;
  /** True where the kernel selects by `struct proc_input`; else only classic BPF does. */
  readonly kernelFilter: boolean;
  readonly bufferBytes: number;
  private control: ConnectorSocket;
  private readonly options: SubscribeOptions;
  private dropsSeen = 0;
  private hasLeft = false;
  /** Not before the kernel took us for a listener. After a recovery our share of its count is unknown, and giving any back could silence others. */
  private owesIgnore = false;
  private readonly info = new Uint32Array(MEMINFO.words);

  constructor(options: SubscribeOptions) {
    this.options = options;
    this.control = openControl(options);
    let events: ConnectorSocket | undefined;
    try {
      this.kernelFilter = this.negotiate();
      events = open(options, EVENTS_AT_ONCE);
      this.events = events;
      this.bufferBytes = this.prepareEvents();
    } catch (error) {
      this.leave(events);
      throw error;
    }
  }

  /** The 8-byte form is dropped by kernels before 6.6, so no version has to be guessed. */
  private negotiate(): boolean {
    const modern = listen(this.control, this.options, { mask: MASK_ALL });
    const answer = modern ?? listen(this.control, this.options, {});
    this.owesIgnore = answer?.error === 0;
    if (this.owesIgnore) return modern !== undefined;
    if (answer?.error === EPERM) throw needsPrivilege(EPERM);
    const circumstances = this.options.circumstances();
    if (isOrdinaryPlace(circumstances) && this.revive()) return true;
    throw explainSilence(circumstances, { ackErrno: answer?.error });
  }

  /** Each new listener adds one to the host's count: enough of them bring events back, for everybody. */
  private revive(): boolean {
    this.owesIgnore = false;
    for (let i = 0; i < REVIVE_ATTEMPTS; i++) {
      const fresh = openControl(this.options);
      this.control.close();
      this.control = fresh;
      if (listen(this.control, this.options, { mask: MASK_ALL })) return true;
    }
    return false;
  }

  private prepareEvents(): number {
    const { hearing, bufferBytes } = this.options;
    const granted = growReceiveBuffer(this.events, bufferBytes);
    this.events.setOption(SOL_NETLINK, NETLINK_NO_ENOBUFS, int(1));
    this.events.attachFilter(eventFilter(hearing));
    if (this.kernelFilter) this.askFor(hearing);
    join(this.events);
    return granted;
  }

  private askFor(hearing: Hearing): void {
    const mask = kernelMask(hearing);
    this.events.send(encodeControl({ op: PROC_CN_MCAST.listen, mask, token: this.options.random() }));
  }

  /** The host's count of listeners was below one, and new listeners brought it back. */
  get hadToRevive(): boolean {
    return !this.owesIgnore;
  }

  /** Hears this from now on, which is less than before. What is queued already is not filtered again. */
  rehear(hearing: Hearing): void {
    this.events.attachFilter(eventFilter(hearing));
    if (this.kernelFilter) this.askFor(hearing);
  }

  /** Hears only the exits of these processes from now on. */
  narrow(pids: ReadonlySet<number>): void {
    this.events.attachFilter(eventFilter({ ...this.options.hearing, exitsOf: pids }));
  }

  /** Events that the queue holds at least, however many bytes this kernel counts for one. */
  get leastQueued(): number {
    return Math.max(1, Math.floor(this.bufferBytes / MOST_BYTES_QUEUED));
  }

  /** Events dropped by the kernel because our queue was full, since the last call. Exact with any filter. */
  takeDrops(): number {
    this.events.getOption(SOL_SOCKET, SO_MEMINFO, this.info);
    const drops = this.info[MEMINFO.drops];
    const fresh = (drops - this.dropsSeen) >>> 0;
    this.dropsSeen = drops;
    return fresh;
  }

  /**
   * Asks whether the kernel still generates events at all. The host-wide count of listeners can be driven to zero by a
   * stranger; then nothing is sent, nothing is dropped and no number is skipped. A new listener brings events back for everybody.
   */
  heartbeat(): Heartbeat {
    // On kernels before 6.6 every LISTEN adds to the host's count for ever.
    if (!this.kernelFilter) return 'unchecked';
    if (listen(this.control, this.options, { mask: MASK_ALL })) return 'heard';
    return this.revive() ? 'recovered' : 'deaf';
  }

  /** Without IGNORE the kernel would go on building events for nobody. Twice is once. */
  close(): void {
    this.leave(this.events);
  }

  private leave(events: ConnectorSocket | undefined): void {
    if (this.hasLeft) return;
    this.hasLeft = true;
    if (this.owesIgnore) {
      const ignore = encodeControl({ op: PROC_CN_MCAST.ignore, token: this.options.random() });
      if (this.kernelFilter) events?.send(ignore);
      this.control.send(ignore);
    }
    events?.close();
    this.control.close();
  }
}
