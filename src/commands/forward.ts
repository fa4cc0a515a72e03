/** `procwatch forward`: recordings on the disk, followed and sent to an engine, each record once. */
import { EXIT, type ExitName, Failure } from '../errors.ts';
import { Forwarder } from '../forward/forwarder.ts';
import { type Note, noteFrom } from '../forward/note.ts';
import type { RecordingFiles } from '../forward/recording-files.ts';
import type { Host } from '../host/host.ts';
import type { NatsAddress } from '../nats/address.ts';
import { Publisher } from '../nats/publisher.ts';
import { whenReachable } from '../nats/unreachable.ts';
import { tokenFor } from './far-output.ts';
import type { FORWARD_OPTIONS } from './forward-options.ts';
import { accessOf, newsTeller } from './nats-access.ts';
import type { ValuesOf } from './options.ts';

type ForwardOptions = ValuesOf<typeof FORWARD_OPTIONS>;

/** After the signal to end, so long for what is on its way. */
const LAST_MS = 5000;

interface Place {
  readonly directory: string;
  readonly pattern: string;
}

function placeOf(read: string | undefined): Place {
  if (read === undefined) {
    throw new Failure('usage', 'no recordings to forward', "procwatch forward -r 'DIR/*.jsonl*' --to nats://HOST");
  }
  const slash = read.lastIndexOf('/');
  const directory = slash < 0 ? '.' : slash === 0 ? '/' : read.slice(0, slash);
  const pattern = read.slice(slash + 1);
  if (/[*?[]/.test(directory))
    throw new Failure('usage', `--read: only names may be patterns, not directories: ${read}`);
  if (pattern === '') throw new Failure('usage', `--read: ${read} names no files`, `expected '${directory}/*.jsonl*'`);
  return { directory, pattern };
}

function addressOf({ to }: ForwardOptions): NatsAddress {
  if (to.length !== 1) {
    const why = to.length === 0 ? 'no server to forward to' : 'one forwarder sends to one server';
    throw new Failure('usage', why, '--to nats://HOST[:PORT]; each forwarder remembers for itself what it has sent');
  }
  return to[0];
}

/** One for each server, and not among what a pattern for recordings finds. */
const noteBeside = (directory: string, { server }: NatsAddress): string =>
  `${directory}/.procwatch-forward-${server.replace(/[^A-Za-z0-9.-]+/g, '-')}.json`;

function noteAt(host: Host, files: RecordingFiles, path: string): Note {
  const text = files.readNote(path);
  if (text === undefined) return { files: new Map(), streams: new Map() };
  const note = noteFrom(text);
  if (note !== undefined) return note;
  host.stderr.write(`procwatch: ${path} is not understood: everything is sent again, and known again by its readers\n`);
  return { files: new Map(), streams: new Map() };
}

function refuseDirectory(directory: string, error: unknown): Failure {
  return new Failure('usage', `cannot read ${directory}: ${(error as Error).message}`);
}

export async function startForward(host: Host, options: ForwardOptions): Promise<ExitName> {
  const { directory, pattern } = placeOf(options.read);
  const address = addressOf(options);
  if (options.hostName !== undefined) tokenFor(options.hostName);
  const { globMatcher } = await import('../process/patterns.ts');
  const files = await host.recordings();
  try {
    files.list(directory);
  } catch (error) {
    throw refuseDirectory(directory, error);
  }
  const notePath = options.state ?? noteBeside(directory, address);
  const note = noteAt(host, files, notePath);
  const access = accessOf(host, options);
  const open = () => host.engine(address, access, 'writer');
  const engine = await whenReachable(host, open, newsTeller(host, address));
  const publisher = new Publisher(engine, host);
  const forwarder = new Forwarder(
    host,
    files,
    publisher,
    {
      directory,
      isMeant: globMatcher(pattern),
      notePath,
      hostName: options.hostName,
      ownHost: host.identity().host,
    },
    note,
  );
  let ending: ExitName = 'ok';
  let signals = 0;
  const stop = (as: ExitName) => (): void => {
    if (++signals > 1) host.abort(EXIT.interrupted.code);
    ending = as;
    forwarder.stop();
  };
  const listeners = [
    host.onSignal('SIGINT', stop('ok')),
    host.onSignal('SIGTERM', stop('terminated')),
    host.onSignal('SIGHUP', stop('hangup')),
  ];
  try {
    await forwarder.run(!options.once, LAST_MS);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    throw new Failure('output', `cannot go on: ${(error as Error).message}`);
  } finally {
    publisher.close();
    await engine.close();
    for (const listener of listeners) listener.cancel();
  }
  return ending;
}
