/** From a host to an exit code; the only place that prints an error. */
import { plainWatch } from './commands/plain-watch.ts';
import { runWatch } from './commands/start-watch.ts';
import { EXIT, exitCodeOf, Failure, type Result } from './errors.ts';
import { escapeText } from './format/escape.ts';
import type { Host } from './host/host.ts';

/** The parser of all commands is loaded only for what is not plain. */
async function run(host: Host): Promise<Result> {
  const plain = plainWatch(host.argv);
  if (plain !== undefined) return runWatch(host, plain);
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
    if (!(error instanceof Failure)) throw error;
    host.stderr.write(`procwatch: ${escapeText(error.message)}\n`);
    if (error.hint !== undefined) host.stderr.write(`hint: ${escapeText(error.hint)}\n`);
    return EXIT[error.exit].code;
  }
}
