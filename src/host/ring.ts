/** Programs in the kernel as the stream of events, and whose numbers they tell. */
import { readFileSync } from 'node:fs';
import { openFactPrograms } from '../bpf/fact-programs.ts';
import { ownPid } from '../bpf/own-pid.ts';
import type { RingSource } from '../facts/ring-stream.ts';
import { isInitial } from '../linux/namespaces.ts';
import type { ForeignNumbers } from '../process/event-stream.ts';
import type { FactWishes } from '../process/fact-wishes.ts';

/** The parent of all kernel threads, which only the initial namespace has: `2 (kthreadd) S 0 …`. */
const KTHREADD = /^2 \(kthreadd\) \S 0 /;

function showsInitial(): boolean {
  try {
    return KTHREADD.test(readFileSync('/proc/2/stat', 'latin1'));
  } catch {
    return false;
  }
}

/** Undefined in the initial pid namespace. */
function foreignNumbers(): ForeignNumbers | { readonly reason: string } | undefined {
  if (isInitial('pid')) return undefined;
  const own = ownPid();
  return 'reason' in own ? own : { self: own.pid, proc: showsInitial() ? 'as events' : 'others' };
}

export function openRing(wishes: FactWishes, ringBytes: number): RingSource | { readonly reason: string } {
  const foreign = foreignNumbers();
  if (foreign !== undefined && 'reason' in foreign) return foreign;
  const opened = openFactPrograms(wishes, { ringBytes });
  if ('reason' in opened) return opened;
  const { programs, mayRepeatEnds } = opened;
  return {
    ringBytes,
    foreign,
    mayRepeatEnds,
    bytes: programs.bytes,
    get held() {
      return programs.held;
    },
    look: (take, most) => programs.look(take, most),
    release: (position) => programs.release(position),
    takeLost: () => programs.takeLost(),
    onReadable: (listener) => programs.onReadable(listener),
    close: () => programs.close(),
  };
}
