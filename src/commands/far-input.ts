/** `-r nats://…`: what hosts have sent, as a recording like any other. */
import { Failure } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { isNatsAddress, readAddress } from '../nats/address.ts';
import type { Engine } from '../nats/engine.ts';
import { type FarLine, FarLines, type FarRequest, refusalNotice } from '../nats/far-lines.ts';
import { subjectOf, tokenOf } from '../nats/subject.ts';
import { type HostChoice, hostChoice } from './host-choice.ts';
import { type AccessOptions, accessOf } from './nats-access.ts';
import type { Elsewhere, ReadRequest } from './recordings.ts';

export interface FarReadOptions extends AccessOptions {
  readonly host: readonly string[];
  readonly notHost: readonly string[];
}

/** How often a follower looks whether it is to go on. */
const LOOK_MS = 200;
/** Between clocks of hosts and server. */
const CLOCKS_MS = 5 * 60_000;

/** The request with a door to the engine, where one is named. */
export async function withFar(
  host: Host,
  request: ReadRequest,
  options: FarReadOptions,
  events?: readonly string[],
): Promise<ReadRequest> {
  if (!request.read.some(isNatsAddress)) return request;
  const choice = await hostChoice(options);
  const access = accessOf(host, options);
  const elsewhere: Elsewhere = {
    isThere: isNatsAddress,
    expected: choice.hosts?.length === 1 ? 'one' : 'several',
    now: () => ({ seconds: Math.floor(host.wallMs() / 1000), nanos: (host.wallMs() % 1000) * 1e6 }),
    open(name, { since, isWhole, leash }) {
      const boots = new Map<string, string>();
      const open = () => host.engine(readAddress('--read', name), access, 'reader');
      const sinceMs = since === undefined ? undefined : since.seconds * 1000;
      const wanted: Wanted = { name, choice, events, sinceMs, isWhole, leash, boots };
      return { name, bootOf: (of) => boots.get(of), pieces: pieces(host, open, wanted) };
    },
  };
  return { ...request, elsewhere };
}

interface Wanted {
  readonly name: string;
  readonly choice: HostChoice;
  /** What must be heard; undefined for everything. */
  readonly events: readonly string[] | undefined;
  readonly sinceMs: number | undefined;
  readonly isWhole: boolean;
  readonly leash: { readonly isOver: boolean } | undefined;
  /** Which boot of each host the lines of the last piece are about. */
  readonly boots: Map<string, string>;
}

/** Who was there then is told after the last `start` before: reading begins with that. Undefined to begin with the first of all. */
async function beginning(engine: Engine, { choice, sinceMs, isWhole }: Wanted): Promise<number | undefined> {
  if (sinceMs === undefined || !isWhole) return sinceMs;
  const tokens = choice.hosts?.flatMap((name) => tokenOf(name) ?? []) ?? ['*'];
  let begin: number | undefined;
  const subjects = tokens.map((token) => subjectOf(token, 'start'));
  for await (const { arrivedMs } of engine.read({ subjects, only: 'headers', follows: false })) {
    if (arrivedMs <= sinceMs - CLOCKS_MS) begin = arrivedMs;
  }
  return begin;
}

async function* pieces(host: Host, open: () => Promise<Engine>, wanted: Wanted): AsyncIterable<Uint8Array> {
  const { name, choice, events, leash, boots } = wanted;
  const engine = await open();
  try {
    const request: FarRequest = {
      hosts: choice.hosts,
      isWanted: choice.isWanted,
      events,
      fromMs: await beginning(engine, wanted),
      follows: leash !== undefined,
    };
    const lines = new FarLines(host, engine, request);
    const batches = leash === undefined ? lines.batches() : whileWanted(host, lines.batches(), leash);
    yield* asBytes(batches, boots);
    const notice = refusalNotice(lines.refused);
    if (notice !== undefined) host.stderr.write(notice);
  } catch (error) {
    if (error instanceof Failure) throw error;
    const hint = 'procwatch nats init makes the stream; the user must be allowed to read it';
    throw new Failure('unavailable', `${name}: ${(error as Error).message}`, hint);
  } finally {
    await engine.close();
  }
}

/** Nobody says when nothing more is wanted, so it is asked. */
async function* whileWanted<T>(
  host: Pick<Host, 'after'>,
  items: AsyncIterable<T>,
  leash: { readonly isOver: boolean },
) {
  const iterator = items[Symbol.asyncIterator]();
  for (let next = iterator.next(); ; ) {
    let timer: { cancel(): void } | undefined;
    const look = new Promise<'look'>((resolve) => {
      timer = host.after(LOOK_MS, () => resolve('look'));
    });
    const got = await Promise.race([next, look]);
    timer?.cancel();
    if (leash.isOver) return;
    if (got === 'look') continue;
    if (got.done) return;
    next = iterator.next();
    yield got.value;
  }
}

/** A piece holds lines of no more than one boot of a host, which `boots` has while the piece is read. */
async function* asBytes(
  batches: AsyncIterable<readonly FarLine[]>,
  boots: Map<string, string>,
): AsyncIterable<Uint8Array> {
  for await (const batch of batches) {
    let text = '';
    for (const line of batch) {
      if (boots.get(line.host) !== line.bootId) {
        if (text !== '') yield Buffer.from(text);
        text = '';
        boots.set(line.host, line.bootId);
      }
      text += `${line.text}\n`;
    }
    if (text !== '') yield Buffer.from(text);
  }
}
