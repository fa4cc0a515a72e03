/**
 * The instructions of the kernel's BPF machine as rows of a table, with labels to jump to, and their assembly into bytes. Pure; knows
 * no program, no map and no helper's meaning.
 *
 * Source: Documentation/bpf/standardization/instruction-set.rst. An instruction is u8 code, u8 registers (destination in the low
 * half), i16 offset, i32 immediate; little endian, as every machine Node runs on.
 */

export type Register = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10;
/** Read only: the end of the stack of 512 bytes. */
export const FRAME: Register = 10;

const SIZE = { u32: 0x00, u16: 0x08, u8: 0x10, u64: 0x18 } as const;
export type Size = keyof typeof SIZE;

/** All comparisons of sizes are unsigned: the verifier refuses a length that a signed one has clamped. */
const JUMP = { always: 0x00, '==': 0x10, '>': 0x20, '&': 0x40, '!=': 0x50, '<=': 0xb0 } as const;
export type Condition = Exclude<keyof typeof JUMP, 'always'>;

const CLASS = { load: 0x01, storeValue: 0x02, store: 0x03, alu: 0x07, jump: 0x05 } as const;
const MODE = { memory: 0x60, atomic: 0xc0 } as const;
const ALU = { add: 0x00, subtract: 0x10, or: 0x40, and: 0x50, shiftLeft: 0x60, shiftRight: 0x70, move: 0xb0 } as const;
const FROM_REGISTER = 0x08;
/** Two slots, the second for the upper half of the value; source 1 says that the value is the descriptor of a map. */
const LOAD_WIDE = 0x18;
const IS_MAP = 1;
const CALL = 0x85;
/** Source 2 of a call: no helper of that number, but a function of the kernel by its BTF id (linux/bpf.h, BPF_PSEUDO_KFUNC_CALL). */
const IS_KERNEL_FUNCTION = 2;
/** BPF_JMP | BPF_JCOND: goes on, or to its target when the kernel's patience with a loop is over (6.9). */
const MAY_GO = 0xe5;
const EXIT = 0x95;

interface Instruction {
  readonly code: number;
  readonly to?: Register;
  readonly from?: Register | typeof IS_MAP | typeof IS_KERNEL_FUNCTION;
  readonly offset?: number;
  readonly value?: number;
  readonly target?: string;
  /** The target lies above: this is the end of a loop, whose bounds are the writer's to see to. */
  readonly isBack?: true;
  readonly slots?: 2;
}
export type Row = Instruction | { readonly label: string };

/** A register, or a number written out. */
export type Operand = Register | { readonly value: number };
export const value = (number: number): Operand => ({ value: number });

const operate = (code: number, to: Register, by: Operand, target?: string): Row => ({
  ...(typeof by === 'number' ? { code: code | FROM_REGISTER, from: by } : { code, value: by.value }),
  to,
  ...(target !== undefined && { target }),
});

export const move = (to: Register, by: Operand): Row => operate(CLASS.alu | ALU.move, to, by);
export const add = (to: Register, by: Operand): Row => operate(CLASS.alu | ALU.add, to, by);
export const subtract = (to: Register, by: Operand): Row => operate(CLASS.alu | ALU.subtract, to, by);
export const shiftLeft = (to: Register, by: Operand): Row => operate(CLASS.alu | ALU.shiftLeft, to, by);
export const shiftRight = (to: Register, by: Operand): Row => operate(CLASS.alu | ALU.shiftRight, to, by);
export const and = (to: Register, by: Operand): Row => operate(CLASS.alu | ALU.and, to, by);
export const or = (to: Register, by: Operand): Row => operate(CLASS.alu | ALU.or, to, by);

/** to = *(from + offset) */
export const load = (size: Size, to: Register, from: Register, offset: number): Row => ({
  code: CLASS.load | MODE.memory | SIZE[size],
  to,
  from,
  offset,
});

/** *(to + offset) = by */
export const store = (size: Size, to: Register, offset: number, by: Operand): Row =>
  typeof by === 'number'
    ? { code: CLASS.store | MODE.memory | SIZE[size], to, from: by, offset }
    : { code: CLASS.storeValue | MODE.memory | SIZE[size], to, offset, value: by.value };

/** *(u64 *)(to + offset) += from, atomically */
export const addAtomically = (to: Register, offset: number, from: Register): Row => ({
  code: CLASS.store | MODE.atomic | SIZE.u64,
  to,
  from,
  offset,
});

export const loadMap = (to: Register, fd: number): Row => ({ code: LOAD_WIDE, to, from: IS_MAP, value: fd, slots: 2 });
export const call = (helper: number): Row => ({ code: CALL, value: helper });
/** A function of the kernel, by the BTF id of its `func`. */
export const callKernel = (id: number): Row => ({ code: CALL, from: IS_KERNEL_FUNCTION, value: id });
export const exit = (): Row => ({ code: EXIT });
export const label = (name: string): Row => ({ label: name });
export const go = (target: string): Row => ({ code: CLASS.jump | JUMP.always, target });
/** Up, to the beginning of a loop. */
export const again = (target: string): Row => ({ code: CLASS.jump | JUMP.always, target, isBack: true });
/** Out of a loop that the kernel itself bounds. */
export const unlessPatient = (target: string): Row => ({ code: MAY_GO, target });
export const when = (left: Register, condition: Condition, right: Operand, target: string): Row =>
  operate(CLASS.jump | JUMP[condition], left, right, target);

export const INSTRUCTION_BYTES = 8;
const slotsOf = (row: Row): number => ('label' in row ? 0 : (row.slots ?? 1));

/**
 * Throws for a label that is not there, is there twice, is where no jump leads, or lies on the wrong side of the jump, and for an offset
 * too far.
 */
export function assemble(rows: readonly Row[]): Uint8Array {
  const places = placesIn(rows);
  const slots = rows.reduce((sum, row) => sum + slotsOf(row), 0);
  const view = new DataView(new ArrayBuffer(slots * INSTRUCTION_BYTES));
  let slot = 0;
  for (const row of rows) {
    if (!('label' in row)) encode(view, slot, row, places);
    slot += slotsOf(row);
  }
  return new Uint8Array(view.buffer);
}

/** Code that no jump reaches is refused by the kernel, with the number of a slot and no name. */
function placesIn(rows: readonly Row[]): Map<string, number> {
  const places = new Map<string, number>();
  const wanted = new Set(rows.map((row) => ('label' in row ? undefined : row.target)));
  let slots = 0;
  for (const row of rows) {
    if ('label' in row) {
      if (places.has(row.label)) throw new Error(`label ${row.label} twice`);
      if (!wanted.has(row.label)) throw new Error(`no jump to label ${row.label}`);
      places.set(row.label, slots);
    }
    slots += slotsOf(row);
  }
  return places;
}

function encode(view: DataView, slot: number, row: Instruction, places: ReadonlyMap<string, number>): void {
  const at = slot * INSTRUCTION_BYTES;
  const { target, isBack = false } = row;
  const place = target === undefined ? undefined : places.get(target);
  if (target !== undefined && (place === undefined || place <= slot !== isBack)) {
    throw new Error(`no label ${target} ${isBack ? 'above' : 'below'}`);
  }
  const { offset = 0 } = row;
  if (offset !== (offset << 16) >> 16) throw new RangeError(`offset ${offset} does not fit 16 bits`);
  view.setUint8(at, row.code);
  view.setUint8(at + 1, (row.to ?? 0) | ((row.from ?? 0) << 4));
  view.setInt16(at + 2, place === undefined ? offset : place - slot - 1, true);
  view.setInt32(at + 4, row.value ?? 0, true);
}
