/** The program as a process: the real host, and a bug report where a bug shows. */
import { setFlagsFromString } from 'node:v8';
import { EXIT } from './errors.ts';
import { endIfHeldUp, realHost } from './host/real-host.ts';
import { main } from './main.ts';
import { refusedBySystem } from './refused.ts';

// Nearly all of our objects die within one batch: a small nursery holds them as well, and saves 20 MB. Its limit alone comes too late,
// since V8 has laid out its heap by now; that it must not grow is still heard.
setFlagsFromString('--max-semi-space-size=1');
setFlagsFromString('--semi-space-growth-factor=1');
// Threads that help to sweep so little cost more than they save.
setFlagsFromString('--no-parallel-scavenge');

/** At once: after a bug nothing that still waits can be trusted to come. */
function reportBug(error: unknown): never {
  const refused = refusedBySystem(error);
  if (refused !== undefined) {
    console.error(`procwatch: ${refused.message}${refused.hint === undefined ? '' : `\nhint: ${refused.hint}`}`);
    process.exit(EXIT[refused.exit].code);
  }
  console.error('procwatch: this is a bug in procwatch:', error);
  process.exit(EXIT.internal.code);
}

// Without it Node would first show the line of the bug, and the built program is one line of 300,000 letters.
process.on('uncaughtException', reportBug);

main(realHost()).then((code) => {
  process.exitCode = code;
  endIfHeldUp(code);
}, reportBug);
