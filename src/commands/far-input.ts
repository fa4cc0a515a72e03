/** `-r nats://…`: what hosts have sent, as lines that say whose they are, or as the bytes of a recording of one of them. */
import { Failure } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { readAddress } from '../nats/address.ts';
import { type FarLine, FarLines, refusalNotice } from '../nats/far-lines.ts';
import { hostChoice } from './host-choice.ts';
import type { TypedMoment } from './moments.ts';
import { type AccessOptions, accessOf } from './nats-access.ts';

export interface FarInputOptions extends AccessOptions {
  readonly host: readonly string[];
  readonly notHost: readonly string[];
  readonly since: TypedMoment | undefined;
  readonly until: TypedMoment | undefined;
}

/** @param events what must be heard; undefined for everything */
export async function* farInput(
  host: Host,
  address: string,
  options: FarInputOptions,
  { events, follows }: { readonly events?: readonly string[]; readonly follows: boolean },
): AsyncIterable<readonly FarLine[]> {
  const place = readAddress('--read', address);
  const { hosts, isWanted } = await hostChoice(options);
  const now = host.wallMs();
  const engine = await host.engine(place, accessOf(host, options), 'reader');
  const lines = new FarLines(host, engine, {
    hosts,
    isWanted,
    events,
    sinceMs: options.since?.(now),
    untilMs: options.until?.(now),
    follows,
  });
  try {
    yield* lines.batches();
  } catch (error) {
    const hint = 'procwatch nats init makes the stream; the user must be allowed to read it';
    throw new Failure('unavailable', `${place.text}: ${(error as Error).message}`, hint);
  } finally {
    await engine.close();
  }
  const notice = refusalNotice(lines.refused);
  if (notice !== undefined) host.stderr.write(notice);
}

/** For readers that know one machine: pids of two hosts have nothing to do with each other. */
export async function* farRecording(host: Host, address: string, options: FarInputOptions): AsyncIterable<Uint8Array> {
  const hosts = new Set<string>();
  for await (const batch of farInput(host, address, options, { follows: false })) {
    for (const line of batch) hosts.add(line.host);
    if (hosts.size > 1) {
      const [one, another] = hosts;
      throw new Failure('usage', `there is more than one host: ${one}, ${another}`, `--host ${one}`);
    }
    yield Buffer.from(`${batch.map(({ text }) => text).join('\n')}\n`);
  }
}
