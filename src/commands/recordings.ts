/** The recordings that a command line names, opened as one: which part of them is meant, and where reading has to begin. */
import { Failure } from '../errors.ts';
import type { Host } from '../host/host.ts';
import type { Moment } from '../process/moment.ts';
import { directoryOf } from '../recording/file-names.ts';
import { fileSource, type Leash, openToRead } from '../recording/file-source.ts';
import { expectedOf } from '../recording/first-host.ts';
import { type Expected, Hosts } from '../recording/hosts.ts';
import { wallAt } from '../recording/line-head.ts';
import type { LineSource } from '../recording/line-source.ts';
import { asTheyCome, merged } from '../recording/merged.ts';
import { type Interest, Recording } from '../recording/recording.ts';
import type { ReadRecord } from '../recording/row.ts';
import { placeOf } from '../recording/seek.ts';
import { needsEnd, type PointInTime, type Window, windowOf } from './points-in-time.ts';

type ReadHost = Pick<Host, 'fileSystem' | 'input' | 'after' | 'stderr'>;

/** A place other than files that recordings come from. */
export interface Elsewhere {
  readonly isThere: (name: string) => boolean;
  /** Whether it keeps what several machines send. */
  readonly expected: Expected;
  /** What is kept there goes on: its end is now, on the wall clock. */
  readonly now: () => Moment;
  readonly open: (
    name: string,
    wanted: { readonly since: Moment | undefined; readonly isWhole: boolean; readonly leash: Leash | undefined },
  ) => LineSource;
}

export interface ReadRequest {
  readonly elsewhere?: Elsewhere;
  readonly read: readonly string[];
  readonly since: PointInTime | undefined;
  readonly until: PointInTime | undefined;
  readonly follow: boolean;
}

/** All that is read comes late by this at the most: ends that are settled afterwards. */
const LATE_SECONDS = 10;

const later = (a: Moment | undefined, b: Moment | undefined): Moment | undefined =>
  a === undefined || (b !== undefined && b.seconds >= a.seconds) ? b : a;

/** A pattern in quotes is all files that it matches: what shells make of it without quotes are words that no option takes. */
async function filesOf(host: ReadHost, { read, elsewhere }: ReadRequest): Promise<string[]> {
  const found: string[] = [];
  for (const name of read) {
    const isPattern = /[*?[]/.test(name) && !elsewhere?.isThere(name) && host.fileSystem.identity(name) === undefined;
    found.push(...(isPattern ? await matching(host, name) : [name]));
  }
  return found;
}

function namesIn(host: ReadHost, directory: string): string[] {
  try {
    return host.fileSystem.names(directory);
  } catch (error) {
    throw new Failure('usage', `cannot read ${directory}: ${(error as Error).message}`);
  }
}

async function matching(host: ReadHost, pattern: string): Promise<string[]> {
  const { globMatcher } = await import('../process/patterns.ts');
  const directory = directoryOf(pattern);
  const base = pattern.slice(pattern.lastIndexOf('/') + 1);
  const matches = globMatcher(base);
  const before = pattern.slice(0, pattern.length - base.length);
  const names = namesIn(host, directory).filter(matches).sort();
  if (names.length === 0) throw new Failure('usage', `no recording is called ${pattern}`);
  return names.map((name) => before + name);
}

/** The last moment of a recording: of all of it, read once before. */
async function endOf(host: ReadHost, path: string): Promise<Moment | undefined> {
  if (path === '-') return undefined;
  let end: Moment | undefined;
  if (!isRegular(host, path)) return undefined;
  const isEnough = (bytes: Buffer, from: number): boolean => {
    end = wallAt(bytes, from);
    return false;
  };
  const begin = await placeOf(host, path, 'end');
  const recording = new Recording(fileSource(host, path, { from: begin }), () => {}, {
    usage: 'without usage',
    wants: () => false,
    isEnough,
  });
  for await (const batch of recording.batches()) end = later(end, batch.at(-1)?.told.wall);
  return end;
}

async function endOfAll(host: ReadHost, request: ReadRequest): Promise<Moment | undefined> {
  const { elsewhere } = request;
  const paths = await filesOf(host, request);
  const ends = await Promise.all(paths.map((path) => (elsewhere?.isThere(path) ? elsewhere.now() : endOf(host, path))));
  return ends.includes(undefined) ? undefined : ends.reduce(later);
}

export async function windowFor(host: ReadHost, request: ReadRequest): Promise<Window> {
  const { since, until } = request;
  return windowOf(since, until, needsEnd(since, until) ? await endOfAll(host, request) : undefined);
}

/** Whether several machines will be told of, as far as that can be known: what comes from a pipe is read once. */
export async function hostsIn(host: ReadHost, request: ReadRequest): Promise<Hosts> {
  const { elsewhere } = request;
  const paths = await filesOf(host, request);
  if (elsewhere !== undefined && paths.some((path) => elsewhere.isThere(path))) {
    return new Hosts(paths.length === 1 ? elsewhere.expected : 'several');
  }
  const files = paths.filter((path) => path !== '-' && isRegular(host, path));
  return new Hosts(await expectedOf(files.map((path) => fileSource(host, path))));
}

function isRegular(host: ReadHost, path: string): boolean {
  const file = openToRead(host, path);
  file.close();
  return file.isRegular;
}

export interface Opened {
  readonly batches: AsyncIterable<readonly ReadRecord[]>;
  readonly recordings: readonly Recording[];
}

/** @param isWhole whether what comes before the window matters, such as who descends from whom */
export async function openRecordings(
  host: ReadHost,
  request: ReadRequest,
  { since, until }: Window,
  interest: Interest & { readonly isWhole: boolean },
  leash: Leash = { isOver: false },
): Promise<Opened> {
  const { read, follow } = request;
  if (read.filter((path) => path === '-').length > 1) throw new Failure('usage', 'stdin can be read only once');
  const isEnough = (bytes: Buffer, from: number): boolean =>
    until !== undefined && wallAt(bytes, from).seconds > until.seconds + LATE_SECONDS;
  const recordings: Recording[] = [];
  for (const path of await filesOf(host, request)) {
    const far = request.elsewhere?.isThere(path) ? request.elsewhere : undefined;
    const from =
      since === undefined || interest.isWhole || path === '-' || far !== undefined
        ? 0
        : await placeOf(host, path, since);
    const source =
      far?.open(path, { since, isWhole: interest.isWhole, leash: follow ? leash : undefined }) ??
      fileSource(host, path, { from, ...(follow && { follow: leash }) });
    recordings.push(new Recording(source, (line) => host.stderr.write(line), { ...interest, isEnough }));
  }
  const all = recordings.map((recording) => recording.batches());
  const [only] = all;
  return { recordings, batches: all.length === 1 ? only : follow ? asTheyCome(all) : merged(all) };
}
