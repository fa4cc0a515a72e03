/** The program as a process: the real host, and a bug report where a bug shows. */
import { EXIT } from './errors.ts';
import { realHost } from './host.ts';
import { main } from './main.ts';

try {
  process.exitCode = await main(realHost());
} catch (error) {
  console.error('procwatch: this is a bug in procwatch:', error);
  process.exitCode = EXIT.internal.code;
}
