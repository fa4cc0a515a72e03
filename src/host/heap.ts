/** What V8 is told about our objects. */
import { setFlagsFromString } from 'node:v8';

export function keepHeapSmall(): void {
  // Nearly all of our objects die within one batch: a small nursery holds them as well, and saves 20 MB. Its limit alone comes too late,
  // since V8 has laid out its heap by now; that it must not grow is still heard.
  setFlagsFromString('--max-semi-space-size=1');
  setFlagsFromString('--semi-space-growth-factor=1');
  // Of what survives a batch little lives on: swept before it is half as much again, and not when it is three times as much.
  setFlagsFromString('--heap-growing-percent=50');
  // Threads that help to sweep so little cost more than they save.
  setFlagsFromString('--no-parallel-scavenge');
}
