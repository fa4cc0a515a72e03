/** What a process descriptor can tell, whoever provides it. */
export interface Pidfd {
  /** `zombie`: ended as a whole and not reaped yet. `reaped` is told by kernels since 6.9; before, it stays `zombie`. */
  state(): 'alive' | 'zombie' | 'reaped';
  /** As wait(2) gave it to the parent; known after the reaping, since 6.15. */
  waitStatus(): number | undefined;
  /** The number by which /proc, as it is mounted here, shows the process: undefined once reaped, or where it does not show it. */
  procPid(): number | undefined;
  /** Sends a signal, unless it has ended or is not ours to signal. */
  send(signal: number): void;
  /** Called again and again once the process has ended, until it is told to `ignore` it. */
  onEnd(listener: () => void): void;
  ignore(): void;
  close(): void;
}

/** Why there is none: no such process, the number of a thread that leads none, or nothing the kernel would give. */
export type NoPidfd = 'gone' | 'thread' | 'unsupported';
