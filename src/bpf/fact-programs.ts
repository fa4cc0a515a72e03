/**
 * Facts about processes from programs in the kernel, open or not to be had: what each exec runs, how each process ended, and where nobody
 * else tells them the births too. Whatever stands in the way becomes one sentence, never an exception: there are other ways to know.
 */
import type { FactWishes } from '../process/fact-wishes.ts';
import { birthProgram } from './birth-program.ts';
import type { Btf } from './btf.ts';
import { endProgram, keepsMemory } from './end-program.ts';
import { execProgram } from './exec-program.ts';
import type { Waking } from './fact-rows.ts';
import { readKernelTypes } from './kernel-types.ts';
import { UnknownLayout } from './offsets.ts';
import type { WalkForm } from './path-walk.ts';
import { orReason, Refusal } from './refusal.ts';
import { threadEndProgram } from './thread-end-program.ts';
import { Tracepoint } from './tracepoint.ts';
import type { TracepointProgram } from './tracepoint-program.ts';

export interface FactOptions {
  /** Another file than the kernel's own description of its types. */
  readonly types?: string;
  /** A power of two and a multiple of the page. */
  readonly ringBytes?: number;
  /** Only this form of the walk over directories. */
  readonly walk?: WalkForm;
}

/** Some 7,500 execs of usual length, 29,000 ends, or 50 of the longest arguments. */
const RING_BYTES = 2 * 1024 * 1024;

function programsFor(btf: Btf, wishes: FactWishes, waking: Waking, walk: WalkForm): TracepointProgram[] {
  const { births, execs, ends, onlyFailures, args, threads = false } = wishes;
  return [
    ...(births ? [birthProgram(btf, { ...waking, of: threads ? 'threads too' : 'processes' })] : []),
    ...(execs ? [execProgram(btf, { ...waking, walk, args })] : []),
    ...(ends !== 'none' && threads ? [threadEndProgram(btf, waking)] : []),
    ...(ends === 'none' ? [] : [endProgram(btf, { ...waking, walk, args, tells: ends, onlyFailures })]),
  ];
}

/** The best form that this kernel knows, then the next. */
function walksFor(btf: Btf): readonly WalkForm[] {
  return btf.idOf('func', 'bpf_rdonly_cast') === undefined ? ['read'] : ['typed', 'read'];
}

function open(btf: Btf, wishes: FactWishes, ringBytes: number, walks: readonly WalkForm[]): Tracepoint {
  const [walk, ...others] = walks;
  try {
    return new Tracepoint(programsFor(btf, wishes, { wakes: wishes.wakes, ringBytes }, walk), { ringBytes });
  } catch (error) {
    const isTooNew = error instanceof Refusal && error.step === 'load the program';
    if (!isTooNew || others.length === 0) throw error;
    return open(btf, wishes, ringBytes, others);
  }
}

/** Takes some 2 ms, and what reading the kernel's types takes. */
export function openFactPrograms(
  wishes: FactWishes,
  { types, ringBytes = RING_BYTES, walk }: FactOptions = {},
): { readonly programs: Tracepoint; readonly mayRepeatEnds: boolean } | { readonly reason: string } {
  return orReason(() => {
    const btf = readKernelTypes(types);
    if (wishes.ends === 'whole' && !keepsMemory(btf)) {
      throw new UnknownLayout('before Linux 6.16 the memory of a process is gone when its end is told');
    }
    const programs = open(btf, wishes, ringBytes, walk === undefined ? walksFor(btf) : [walk]);
    return { programs, mayRepeatEnds: !keepsMemory(btf) };
  });
}
