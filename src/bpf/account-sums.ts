/**
 * What a process used, where the kernel keeps it: for threads that are gone as sums in signal_struct, for the first thread in its own
 * task_struct until it is reaped. Where each figure lies is looked up once, and written into the program as often as it needs it.
 */

import { ACCOUNT } from './account-record.ts';
import type { Btf } from './btf.ts';
import { add, load, move, type Register, type Row, shiftLeft, store, value } from './instructions.ts';
import { offsetsOf, optionalOffsets } from './offsets.ts';

interface Figure {
  readonly to: keyof typeof ACCOUNT;
  /** Member of signal_struct, and of task_struct. */
  readonly gone: string;
  readonly first: string;
}

const FIGURES: readonly Figure[] = [
  { to: 'cpuNanos', gone: 'sum_sched_runtime', first: 'se.sum_exec_runtime' },
  { to: 'userNanos', gone: 'utime', first: 'utime' },
  { to: 'systemNanos', gone: 'stime', first: 'stime' },
  { to: 'minorFaults', gone: 'min_flt', first: 'min_flt' },
  { to: 'majorFaults', gone: 'maj_flt', first: 'maj_flt' },
  { to: 'voluntarySwitches', gone: 'nvcsw', first: 'nvcsw' },
  { to: 'involuntarySwitches', gone: 'nivcsw', first: 'nivcsw' },
];

/**
 * Only where the kernel was built to count them. The sum over threads is in blocks: signal_struct has one in bytes as well, but that contains
 * the children that were waited for.
 */
const BYTES: readonly Figure[] = [
  { to: 'readBytes', gone: 'inblock', first: 'ioac.read_bytes' },
  { to: 'writeBytes', gone: 'oublock', first: 'ioac.write_bytes' },
];
const BLOCK_BITS = 9;

const placesOf = ({ gone, first }: Figure) =>
  ({ gone: ['signal_struct', gone, 8], first: ['task_struct', first, 8] }) as const;

/** Whether this kernel counts input and output. */
export const countsBytes = (btf: Btf): boolean =>
  BYTES.every((figure) => optionalOffsets(btf, placesOf(figure)) !== undefined);

/** Kept by the program, which reads from the first two and writes to the third. */
export interface SumRegisters {
  readonly signal: Register;
  readonly leader: Register;
  readonly record: Register;
}

/** Of threads that are gone, of the first one, or of both: where that is among the gone it must not count twice. */
export interface Whose {
  readonly gone: boolean;
  readonly first: boolean;
}

/** Throws UnknownLayout. */
export function accountSums(btf: Btf, { signal, leader, record }: SumRegisters): (whose: Whose) => Row[] {
  const figures = FIGURES.map((figure) => ({ to: figure.to, at: offsetsOf(btf, placesOf(figure)), bits: 0 }));
  const bytes = BYTES.flatMap((figure) => {
    const at = optionalOffsets(btf, placesOf(figure));
    return at === undefined ? [] : { to: figure.to, at, bits: BLOCK_BITS };
  });
  return ({ gone, first }) =>
    [...figures, ...bytes].flatMap(({ to, at, bits }) => [
      move(1, value(0)),
      ...(gone ? [load('u64', 1, signal, at.gone)] : []),
      ...(gone && bits > 0 ? [shiftLeft(1, value(bits))] : []),
      ...(first ? [load('u64', 2, leader, at.first), add(1, 2)] : []),
      store('u64', record, ACCOUNT[to], 1),
    ]);
}
