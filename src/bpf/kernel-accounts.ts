/**
 * The exact account of every life (CPU time, peak memory, faults, input and output), from two programs in the kernel: one notes what a
 * process is about to lose, one writes the account when it has run for the last time. That is some microseconds after its exit was told.
 * An account that finds the ring full is missing, which whoever waits for it notices.
 */
import type { Readiness } from '../netlink/socket.ts';
import { accountProgram } from './account-program.ts';
import { type AccountRecord, type AccountUnits, accountDecoder } from './account-record.ts';
import { countsBytes } from './account-sums.ts';
import { readKernelTypes } from './kernel-types.ts';
import { KEY, MOST_NOTES, memoryProgram, NOTE } from './memory-program.ts';
import { orReason } from './refusal.ts';
import { pageBytes } from './syscalls.ts';
import { Tracepoint } from './tracepoint.ts';

export interface KernelAccountsOptions {
  /** Another file than the kernel's own description of its types. */
  readonly types?: string;
  /** A power of two and a multiple of the page. */
  readonly ringBytes?: number;
  /** Ends with status 0 are left out, inside the kernel. */
  readonly onlyFailures?: boolean;
  /** Whether the kernel counts delays, where it says so. */
  readonly countsDelays?: boolean | undefined;
}

/** Some 13,000 ends. */
const RING_BYTES = 2 * 1024 * 1024;

export class KernelAccounts {
  private readonly programs: Tracepoint;
  private readonly decode: (at: number, length: number) => AccountRecord | undefined;

  constructor(programs: Tracepoint, counts: Omit<AccountUnits, 'pageKib'>) {
    this.programs = programs;
    this.decode = accountDecoder(programs.bytes, { pageKib: pageBytes() / 1024, ...counts });
  }

  /** Tells what has arrived since, oldest first; returns how many. */
  read(onEnd: (end: AccountRecord) => void): number {
    return this.programs.read((_, at, length) => {
      const end = this.decode(at, length);
      if (end !== undefined) onEnd(end);
    });
  }

  /** Called when half of the ring is unread. */
  onReadable(listener: () => void): Readiness {
    return this.programs.onReadable(listener);
  }

  close(): void {
    this.programs.close();
  }
}

/** Never throws for what the kernel, its types or the privileges refuse. */
export function openKernelAccounts({
  types,
  ringBytes = RING_BYTES,
  onlyFailures = false,
  countsDelays,
}: KernelAccountsOptions = {}): { readonly accounts: KernelAccounts } | { readonly reason: string } {
  return orReason(() => {
    const btf = readKernelTypes(types);
    // The one that settles comes last: what it tells is whole from the first end on.
    const programs = [memoryProgram(btf), accountProgram(btf, { onlyFailures, ringBytes })];
    const notes = { key: KEY.bytes, value: NOTE.bytes, entries: MOST_NOTES };
    return {
      accounts: new KernelAccounts(new Tracepoint(programs, { ringBytes, notes }), {
        countsDelays,
        countsBytes: countsBytes(btf),
      }),
    };
  });
}
