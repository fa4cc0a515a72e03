/** `procwatch nats init`: the stream that keeps what hosts send, made or changed to what was asked for. */
import { type ExitName, Failure } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { accessOf } from './nats-access.ts';
import { type NATS_COMMAND_OPTIONS, NATS_TASKS } from './nats-command-options.ts';
import { nearest } from './nearest.ts';
import type { ValuesOf } from './options.ts';

const SAID = {
  made: 'the stream PROCWATCH was made',
  changed: 'the stream PROCWATCH was changed',
  unchanged: 'the stream PROCWATCH is as it should be',
} as const;

function refuseTask(operands: readonly string[]): void {
  const [task, more] = operands;
  const expected = `expected ${NATS_TASKS.join(', ')}`;
  if (task === undefined) throw new Failure('usage', 'nats: nothing to do', expected);
  if (task !== 'init') {
    const close = nearest(task, NATS_TASKS);
    throw new Failure(
      'usage',
      `nats: there is no "${task}"${close === undefined ? '' : `; did you mean "${close}"?`}`,
      expected,
    );
  }
  if (more !== undefined) throw new Failure('usage', `nats init takes options only, not "${more}"`);
}

export async function startNats(
  host: Host,
  options: ValuesOf<typeof NATS_COMMAND_OPTIONS>,
  operands: readonly string[],
): Promise<ExitName> {
  refuseTask(operands);
  const { to, maxAge, maxBytes, replicas } = options;
  const engine = await host.engine(to, accessOf(host, options), 'keeper');
  try {
    const did = await engine.ensureStream({ maxAgeMs: maxAge, maxBytes, replicas });
    host.stdout.write(`${SAID[did]} on ${to.text}\n`);
    return 'ok';
  } catch (error) {
    throw new Failure(
      'unavailable',
      `${to.text}: ${(error as Error).message}`,
      'is JetStream enabled there (nats-server -js), and are we allowed to?',
    );
  } finally {
    await engine.close();
  }
}
