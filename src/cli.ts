/** The program as a process: the real host, and a bug report where a bug shows. */
import { EXIT } from './errors.ts';
import { endIfHeldUp, realHost } from './host/real-host.ts';
import { main } from './main.ts';
import { refusedBySystem } from './refused.ts';

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
