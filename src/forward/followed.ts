/** A recording that is followed: whose it is by its first record, and where to go on in it by what was noted. */
import type { Stream } from '../nats/batcher.ts';
import { factsOfLine, type LineFacts } from '../nats/record-line.ts';
import { packingOf } from '../recording/file-names.ts';
import { LineReader } from './line-reader.ts';
import type { FilePlace } from './note.ts';
import type { RecordingFile, RecordingFiles } from './recording-files.ts';

export interface Followed {
  readonly id: string;
  path: string;
  readonly reader: LineReader;
  readonly first: string;
  /** By its first record, as the recordings were begun. */
  readonly time: string;
  stream: Stream | undefined;
  seq: number;
  offset: number;
  refused: number;
  isBroken: boolean;
}

const identityOf = ({ seq, monoNanos }: LineFacts): string => `${seq}/${monoNanos}`;

/** What the first record says; undefined where there is none yet. */
async function firstIn(reader: LineReader): Promise<LineFacts | undefined> {
  for (;;) {
    const lines = await reader.read();
    if (lines === undefined) return undefined;
    for (const { bytes } of lines) {
      const facts = factsOfLine(bytes);
      if (facts !== undefined) return facts;
    }
  }
}

async function firstOf(files: RecordingFiles, path: string): Promise<LineFacts | undefined> {
  const probe = new LineReader(files.open(path, 0));
  try {
    return await firstIn(probe);
  } finally {
    probe.close();
  }
}

/**
 * Undefined where not even its first line is there yet, or it is none of ours. Throws where it cannot be read.
 * @param place what was noted of a file with this identity
 */
export async function follow(
  files: RecordingFiles,
  { id, path }: RecordingFile,
  place: FilePlace | undefined,
): Promise<Followed | undefined> {
  const facts = await firstOf(files, path);
  if (facts === undefined) return undefined;
  const isPacked = packingOf(path) !== 'plain';
  const first = identityOf(facts);
  const known = place?.first === first ? place : undefined;
  const offset = isPacked || known === undefined ? 0 : known.offset;
  // Copied away and truncated: what follows has no start of its own.
  const goesOn = place !== undefined && facts.start === undefined && facts.seq > place.seq ? place : known;
  return {
    id,
    path,
    reader: new LineReader(files.open(path, offset)),
    first,
    time: facts.time,
    stream: isPacked ? undefined : goesOn?.stream,
    seq: isPacked ? 0 : (goesOn?.seq ?? 0),
    offset,
    refused: 0,
    isBroken: false,
  };
}
