/**
 * The byte-level interface to a connector socket: everything above it runs against a scripted one in the tests.
 * It knows options, bytes and errno values, and nothing of what they mean.
 */

/** One `recvmmsg`'s worth of datagrams. Reused by the next `receive`: take what is needed before. */
export interface Received {
  /** All slots, as native-endian words. */
  readonly words: Uint32Array;
  /** Words from one slot to the next. */
  readonly stride: number;
  /** Bytes received, per slot. A longer datagram is cut to the slot. */
  readonly lengths: Uint32Array;
  /** nl_pid of the sender's address, per slot. */
  readonly senders: Uint32Array;
}

/** Level-triggered readiness of one descriptor. After `close` nothing is called again. */
export interface Readiness {
  pause(): void;
  resume(): void;
  close(): void;
}

/** Methods that return a number named errno return 0 for success. */
export interface ConnectorSocket {
  readonly received: Received;
  /** Binds with a port id of the kernel's choice and no group. */
  bind(): number;
  setOption(level: number, name: number, value: Uint8Array): number;
  getOption(level: number, name: number, into: Uint32Array): number;
  attachFilter(program: Uint8Array): number;
  /** Sends to the kernel. */
  send(bytes: Uint8Array): number;
  /** Number of datagrams now in `received`; 0 when the queue is empty. Never blocks. */
  receive(): number;
  onReadable(listener: () => void): Readiness;
  close(): void;
}

/** A socket, or the errno of why there is none. */
export type Opened = ConnectorSocket | { errno: number };

/** @param datagrams how many one `receive` takes at the most */
export type OpenConnector = (datagrams: number) => Opened;
