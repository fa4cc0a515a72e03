/**
 * A kernel side of the proc connector, at byte level: sockets that keep options, filters and queues, and control messages answered
 * as the kernels of the last years do (host-wide count of listeners, acknowledgements under the listener's own filter). Every call is
 * written down in order. Knows the wire format by its own numbers only.
 */
import { endianness } from 'node:os';
import type { ConnectorSocket, OpenConnector, Readiness, Received } from '../../src/netlink/socket.ts';
import { runFilter } from './bpf-interpreter.ts';
import { acknowledgement } from './datagrams.ts';

const LE = endianness() === 'LE';
const ALL = 0xe00003c7;
const NONZERO = 0x20000000;
const EXIT = 0x80000000;
const SLOTS = 16;
const SLOT_BYTES = 128;
const ECONNREFUSED = 111;
const EPERM = 1;
/** Of the buffer, for one event. */
const BYTES_QUEUED = 4096;

export type KernelKind =
  /** 6.6 and newer: understands the 8-byte request. */
  | 'modern'
  /** Before 6.6, with CAP_NET_ADMIN: the 8-byte request vanishes. */
  | 'old'
  /** Before 6.6, without: joining works here, the 4-byte request is answered EPERM. */
  | 'old-unprivileged'
  /** A pid or user namespace: requests are taken and ignored. */
  | 'silent'
  /** Another network namespace: nobody listens at port 0. */
  | 'refusing';

export interface ConnectorScript {
  readonly kind?: KernelKind;
  /** errno of socket(). */
  readonly openErrno?: number;
  readonly bindErrno?: number;
  /** Sockets that can be opened before there are too many (EMFILE). */
  readonly openLimit?: number;
  /** errno of joining the group. */
  readonly joinErrno?: number;
  /** The first socket that may not join; all, if absent. */
  readonly joinFailsFrom?: number;
  /** net.core.rmem_max, and whether SO_RCVBUFFORCE is allowed. */
  readonly rmemMax?: number;
  readonly mayForce?: boolean;
  /** The host-wide count of listeners at the start: below 0 where a stranger drove it there. */
  readonly listeners?: number;
}

/** What one socket was asked to do. */
export type Call =
  | { readonly socket: number; readonly call: 'open' | 'bind' | 'close' | 'filter' | 'join' | 'no-enobufs' }
  | { readonly socket: number; readonly call: 'buffer' | 'force-buffer'; readonly bytes: number }
  | { readonly socket: number; readonly call: 'listen' | 'ignore' | 'other'; readonly mask?: number };

interface Queued {
  readonly bytes: Uint8Array;
  readonly sender: number;
}

const u32 = (bytes: Uint8Array, offset: number): number =>
  new DataView(bytes.buffer, bytes.byteOffset).getUint32(offset, LE);

class ScriptedSocket implements ConnectorSocket {
  readonly received: Received = {
    words: new Uint32Array((SLOTS * SLOT_BYTES) / 4).fill(0xdeadbeef),
    stride: SLOT_BYTES / 4,
    lengths: new Uint32Array(SLOTS),
    senders: new Uint32Array(SLOTS),
  };
  readonly id: number;
  readonly queue: Queued[] = [];
  program: Uint8Array | undefined;
  joined = false;
  closed = false;
  drops = 0;
  /** What the kernel keeps for this listener; undefined before its first request. */
  state: { listening: boolean; mask: number } | undefined;
  buffer = 212_992;
  listener: (() => void) | undefined;
  paused = false;
  private readonly kernel: ScriptedConnector;

  constructor(kernel: ScriptedConnector, id: number) {
    this.kernel = kernel;
    this.id = id;
  }

  private note(call: 'bind' | 'close' | 'filter' | 'join' | 'no-enobufs'): void {
    this.kernel.calls.push({ socket: this.id, call });
  }

  bind(): number {
    this.note('bind');
    return this.kernel.script.bindErrno ?? 0;
  }

  setOption(level: number, name: number, value: Uint8Array): number {
    const number = new DataView(value.buffer, value.byteOffset).getInt32(0, LE);
    if (level === 270 && name === 1) {
      this.note('join');
      const { joinErrno = 0, joinFailsFrom = 0 } = this.kernel.script;
      const errno = this.id >= joinFailsFrom ? joinErrno : 0;
      this.joined = errno === 0 && number === 1;
      return errno;
    }
    if (level === 270 && name === 5) {
      this.note('no-enobufs');
      return 0;
    }
    if (level === 1 && name === 8) {
      this.kernel.calls.push({ socket: this.id, call: 'buffer', bytes: number });
      this.buffer = 2 * Math.min(number, this.kernel.script.rmemMax ?? 2 ** 30);
      return 0;
    }
    if (level === 1 && name === 33) {
      this.kernel.calls.push({ socket: this.id, call: 'force-buffer', bytes: number });
      if (!this.kernel.script.mayForce) return EPERM;
      this.buffer = 2 * number;
      return 0;
    }
    return 92;
  }

  getOption(level: number, name: number, into: Uint32Array): number {
    if (level !== 1 || name !== 55) return 92;
    into[1] = this.buffer;
    into[8] = this.drops;
    return 0;
  }

  attachFilter(program: Uint8Array): number {
    this.note('filter');
    this.program = program.slice();
    return 0;
  }

  send(bytes: Uint8Array): number {
    return this.kernel.request(this, bytes);
  }

  receive(): number {
    const batch = this.queue.splice(0, SLOTS);
    const all = new Uint8Array(this.received.words.buffer);
    batch.forEach(({ bytes, sender }, i) => {
      all.set(bytes.subarray(0, SLOT_BYTES), i * SLOT_BYTES);
      this.received.lengths[i] = Math.min(bytes.length, SLOT_BYTES);
      this.received.senders[i] = sender;
    });
    return batch.length;
  }

  onReadable(listener: () => void): Readiness {
    this.listener = listener;
    this.kernel.heard();
    return {
      pause: () => {
        this.paused = true;
      },
      resume: () => {
        this.paused = false;
      },
      close: () => {
        this.listener = undefined;
      },
    };
  }

  close(): void {
    if (this.closed) throw new Error('a descriptor that is closed twice may be somebody else’s');
    this.note('close');
    this.closed = true;
    this.joined = false;
  }

  /** The kernel's own filter (cn_filter), then the attached program. */
  takes(bytes: Uint8Array): boolean {
    if (!this.joined || !this.passesMask(bytes)) return false;
    return this.program === undefined || runFilter(this.program, bytes) > 0;
  }

  private passesMask(bytes: Uint8Array): boolean {
    if (this.state === undefined) return true;
    const { listening, mask } = this.state;
    if (!listening) return false;
    if (mask === ALL) return true;
    const what = u32(bytes, 36);
    if ((mask & NONZERO) !== 0 && what === EXIT && u32(bytes, 60) !== 0) return true;
    return (mask & what) !== 0;
  }
}

export class ScriptedConnector {
  readonly calls: Call[] = [];
  readonly sockets: ScriptedSocket[] = [];
  readonly script: ConnectorScript;
  /** The host-wide count of listeners. */
  listeners: number;
  /** Resolves when somebody waits for events. */
  readonly listening: Promise<void>;
  heard: () => void = () => {};

  constructor(script: ConnectorScript = {}) {
    this.script = script;
    this.listeners = script.listeners ?? 0;
    this.listening = new Promise((resolve) => {
      this.heard = resolve;
    });
  }

  readonly open: OpenConnector = () => {
    if (this.script.openErrno !== undefined) return { errno: this.script.openErrno };
    if (this.sockets.length >= (this.script.openLimit ?? Number.POSITIVE_INFINITY)) return { errno: 24 };
    const socket = new ScriptedSocket(this, this.sockets.length);
    this.calls.push({ socket: socket.id, call: 'open' });
    this.sockets.push(socket);
    return socket;
  };

  /** The socket that waits for events. */
  get events(): ScriptedSocket {
    const found = this.sockets.find(({ listener }) => listener !== undefined);
    if (found === undefined) throw new Error('nobody waits for events');
    return found;
  }

  /** Sends what the kernel would: to every member of the group whose filters take it, while there is a listener. */
  emit(...datagrams: readonly Uint8Array[]): void {
    for (const bytes of datagrams) if (this.listeners >= 1) this.multicast(bytes, 0);
  }

  /** As `emit`, and wakes whoever waits. */
  deliver(...datagrams: readonly Uint8Array[]): void {
    this.emit(...datagrams);
    this.wake();
  }

  /** Sends what a privileged process could: like the kernel's, but for the sender's port. */
  forge(sender: number, ...datagrams: readonly Uint8Array[]): void {
    for (const bytes of datagrams) this.multicast(bytes, sender);
  }

  /** Puts datagrams in the queue of the events' socket, past every filter. */
  inject(...datagrams: readonly Uint8Array[]): void {
    for (const bytes of datagrams) this.events.queue.push({ bytes, sender: 0 });
  }

  /** The queue overran: it is as full as it can be, here with what is no event, and so many events found no room. */
  drop(count: number): void {
    this.missOut(count);
    const filler = acknowledgement(0);
    for (let bytes = 0; bytes < this.events.buffer; bytes += BYTES_QUEUED) this.inject(filler);
  }

  /** The kernel's counter says so, and the queue was never full. */
  missOut(count: number): void {
    this.events.drops += count;
  }

  wake(): void {
    const { events } = this;
    if (!events.paused) events.listener?.();
  }

  private multicast(bytes: Uint8Array, sender: number): void {
    for (const socket of this.sockets) if (socket.takes(bytes)) socket.queue.push({ bytes, sender });
  }

  /** A control message, as cn_proc_mcast_ctl handles it. */
  request(socket: ScriptedSocket, bytes: Uint8Array): number {
    const op = u32(bytes, 36);
    const mask = bytes.length === 44 ? u32(bytes, 40) : undefined;
    const call = op === 1 ? 'listen' : op === 2 ? 'ignore' : 'other';
    this.calls.push({ socket: socket.id, call, ...(mask !== undefined && { mask }) });
    const { kind = 'modern' } = this.script;
    if (kind === 'refusing') return ECONNREFUSED;
    if (kind === 'silent') return 0;
    const token = (u32(bytes, 28) + 1) >>> 0;
    if (kind === 'modern') this.handleModern(socket, op, mask, token);
    else if (mask === undefined) this.handleOld(op, token, kind === 'old' ? 0 : EPERM);
    return 0;
  }

  private handleModern(socket: ScriptedSocket, op: number, mask: number | undefined, token: number): void {
    const wasListening = socket.state?.listening ?? false;
    const known = ((mask ?? ALL) & ALL) >>> 0;
    socket.state = { listening: op === 1, mask: op === 1 ? known || ALL : 0 };
    if (op === 1 && !wasListening) this.listeners++;
    if (op === 2 && wasListening) this.listeners--;
    if (op === 1 && this.listeners >= 1) this.multicast(acknowledgement(token), 0);
  }

  private handleOld(op: number, token: number, error: number): void {
    if (error === 0) this.listeners += op === 1 ? 1 : -1;
    if (error !== 0 || this.listeners >= 1) this.multicast(acknowledgement(token, error), 0);
  }
}
