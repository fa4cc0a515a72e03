/** What our programs on tracepoints have in common: their maps, and the rows that count a record for which the ring had no room. */
import { HELPER } from './abi.ts';
import {
  add,
  addAtomically,
  call,
  exit,
  FRAME,
  go,
  label,
  loadMap,
  move,
  type Register,
  type Row,
  store,
  value,
  when,
} from './instructions.ts';

/** Descriptors of the maps of one program. */
export interface TracepointMaps {
  readonly ring: number;
  /** One u64 that we read through a mapping: records that found the ring full. */
  readonly lost: number;
  /** One value for each CPU, by its number, to build a record of variable length in; -1 for a program without. */
  readonly scratch: number;
  /** A table in which one program leaves notes for another; -1 for programs without. */
  readonly notes: number;
}

export interface TracepointProgram {
  /** A tracepoint, by the BTF id of its typedef `btf_trace_…`; or the entry or return of a function, by its own id. */
  readonly attach: 'tracepoint' | 'entry' | 'return';
  readonly attachTo: number;
  /** 0: needs none. */
  readonly scratchBytes: number;
  rows(maps: TracepointMaps): readonly Row[];
}

/** r0 = address of the only value of an array map, at `fd`; goes to `missing` if there is none (there always is: the verifier wants it). */
export function lookUpOnly(fd: number, missing: string): readonly Row[] {
  const key = -4;
  return [
    store('u32', FRAME, key, value(0)), //   key 0, on the stack
    move(2, FRAME),
    add(2, value(key)), //                   r2 = &key
    loadMap(1, fd), //                       r1 = the map
    call(HELPER.mapLookup),
    when(0, '==', value(0), missing),
  ];
}

/** Adds one to the loss counter, and ends at the label `out`. */
export function countLost(fd: number): readonly Row[] {
  const one: Register = 1;
  return [...lookUpOnly(fd, 'out'), move(one, value(1)), addAtomically(0, 0, one)];
}

/** The end of every program: what it returns means nothing to a tracepoint. */
export const OUT: Row = label('out');

/** How a program ends whose record is written: nothing is left to do. At `full` the ring had no room for it. */
export function endRows(lost: number): readonly Row[] {
  return [go('out'), label('full'), ...countLost(lost), OUT, move(0, value(0)), exit()];
}
