/** From a host to an exit code; the only place that prints an error. */
import { legible } from './commands/legible.ts';
import { plainWatch } from './commands/plain-watch.ts';
import { runWatch } from './commands/start-watch.ts';
import { EXIT, exitCodeOf, Failure, type Result } from './errors.ts';
import { escapeText } from './format/escape.ts';
import type { Host } from './host/host.ts';
import { refusedBySystem } from './refused.ts';

/** The parser of all commands is loaded only for what is not plain. */
async function run(host: Host): Promise<Result> {
  const plain = plainWatch(host.argv);
  if (plain !== undefined) return runWatch(legible(host, 'watch', plain), plain);
  return (await import('./commands/program.ts')).run(host);
}

export async function main(host: Host): Promise<number> {
  host.stderr.onError(() => {});
  let unwritten: string | undefined;
  host.stdout.onError((code) => {
    unwritten = code === 'EPIPE' ? undefined : code;
  });
  try {
    const result = await run(host);
    if (typeof result === 'object') return await host.end(result);
    if (result !== 'ok') return exitCodeOf(result);
    await host.stdout.flushed();
    if (unwritten !== undefined) throw new Failure('output', `cannot write: ${unwritten}`);
    return EXIT.ok.code;
  } catch (error) {
    const failure = error instanceof Failure ? error : refusedBySystem(error);
    if (failure === undefined) throw error;
    host.stderr.write(`procwatch: ${escapeText(failure.message)}\n`);
    if (failure.hint !== undefined) host.stderr.write(`hint: ${escapeText(failure.hint)}\n`);
    return EXIT[failure.exit].code;
  }
}
