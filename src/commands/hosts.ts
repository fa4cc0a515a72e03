/** `procwatch hosts`: who sends to an engine, and how they are. */
import { type ExitName, Failure } from '../errors.ts';
import { escapeText } from '../format/escape.ts';
import { safeJson } from '../format/json-text.ts';
import { humanDuration } from '../format/times.ts';
import type { Host } from '../host/host.ts';
import type { HostRow } from '../nats/roll.ts';
import { hostChoice } from './host-choice.ts';
import type { HOSTS_OPTIONS } from './hosts-options.ts';
import { accessOf } from './nats-access.ts';
import type { ValuesOf } from './options.ts';

const SECOND_MS = 1000;
const LATENESS_MS = 1000;

/** With a sign; what the way takes cannot be told from a difference this small. */
function clockText(ms: number | undefined): string {
  if (ms === undefined) return '';
  if (Math.abs(ms) < LATENESS_MS) return '0s';
  return `${ms < 0 ? '-' : '+'}${humanDuration(Math.abs(ms) / SECOND_MS)}`;
}

const ago = (ms: number): string => `${humanDuration(Math.max(0, ms) / SECOND_MS)} ago`;

async function table(rows: readonly HostRow[], nowMs: number, seconds: number): Promise<string> {
  const { plainTable } = await import('../format/plain-table.ts');
  const head = ['HOST', 'KERNEL', 'VERSION', 'LAST RECORD', 'RECORDS/S', 'LOST', 'CLOCK'];
  const drawn = plainTable(head, ['left', 'left', 'left', 'right', 'right', 'right', 'right']);
  for (const { host, kernel = '', version = '', lastMs, recent, lost, clockMs } of rows) {
    const numbers = [ago(nowMs - lastMs), (recent / seconds).toFixed(1), String(lost), clockText(clockMs)];
    drawn.push([escapeText(host), escapeText(kernel), escapeText(version), ...numbers]);
  }
  return `${drawn.toString()}\n`;
}

function jsonLine({ host, kernel, version, lastMs, recent, lost, clockMs }: HostRow, seconds: number): string {
  const row = {
    v: 1,
    host,
    kernel,
    version,
    last_time: new Date(lastMs).toISOString(),
    records_s: recent / seconds,
    lost,
    ...(clockMs !== undefined && { clock_s: clockMs / SECOND_MS }),
  };
  return `${safeJson(JSON.stringify(row))}\n`;
}

export async function startHosts(host: Host, options: ValuesOf<typeof HOSTS_OPTIONS>): Promise<ExitName> {
  const { read, json, duration } = options;
  if (read === undefined || typeof read === 'string') {
    const why = read === undefined ? 'no server to ask' : `--read: "${read}" is no address of a NATS server`;
    throw new Failure('usage', why, 'procwatch hosts -r nats://HOST[:PORT]');
  }
  const { isWanted } = await hostChoice(options);
  const { Roll } = await import('../nats/roll.ts');
  const engine = await host.engine(read, accessOf(host, options), 'reader');
  try {
    const seconds = duration / SECOND_MS;
    const rows = await new Roll(engine, isWanted).take(host.wallMs() - duration);
    if (json) for (const row of rows) host.stdout.write(jsonLine(row, seconds));
    else if (rows.length === 0) host.stderr.write(`procwatch: nobody has sent anything to ${read.text}\n`);
    else host.stdout.write(await table(rows, host.wallMs(), seconds));
    return 'ok';
  } catch (error) {
    throw new Failure(
      'unavailable',
      `${read.text}: ${(error as Error).message}`,
      'procwatch nats init makes the stream; the user must be allowed to read it',
    );
  } finally {
    await engine.close();
  }
}
