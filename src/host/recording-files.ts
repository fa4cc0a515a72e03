/** Recordings in the file system, followed by their descriptors: a file that was renamed, or removed, is still read to its end. */
import {
  closeSync,
  fstatSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { RecordingFile, RecordingFiles, Tail } from '../forward/recording-files.ts';
import { packingOf } from '../recording/file-names.ts';
import { GZIP_UNPACKING, type MakeUnpacking, NO_ZSTD, Unpacker, ZSTD_UNPACKING } from '../recording/unpacker.ts';

const CHUNK_BYTES = 1024 * 1024;
const PRIVATE = 0o600;

class PlainTail implements Tail {
  private readonly fd: number;
  private at: number;
  rewinds = 0;

  constructor(path: string, offset: number) {
    this.fd = openSync(path, 'r');
    this.at = offset;
  }

  get offset(): number {
    return this.at;
  }

  read(): Promise<Uint8Array | undefined> {
    // Who copies a log away and truncates it begins anew, and so does who cuts off half a block.
    if (fstatSync(this.fd).size < this.at) {
      this.at = 0;
      this.rewinds++;
    }
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    const count = readSync(this.fd, chunk, 0, chunk.length, this.at);
    this.at += count;
    return Promise.resolve(count === 0 ? undefined : chunk.subarray(0, count));
  }

  close(): void {
    closeSync(this.fd);
  }
}

/** Compressed files grow by blocks, each of which is a whole. */
class PackedTail implements Tail {
  readonly offset = 0;
  private readonly compressed: PlainTail;
  private readonly make: MakeUnpacking;
  private unpacker: Unpacker;

  constructor(path: string, make: MakeUnpacking) {
    this.compressed = new PlainTail(path, 0);
    this.make = make;
    this.unpacker = new Unpacker(make);
  }

  get rewinds(): number {
    return this.compressed.rewinds;
  }

  async read(): Promise<Uint8Array | undefined> {
    for (;;) {
      const before = this.rewinds;
      const piece = await this.compressed.read();
      if (this.rewinds > before) {
        this.unpacker.close();
        this.unpacker = new Unpacker(this.make);
      }
      if (this.unpacker.error !== undefined) throw this.unpacker.error;
      if (piece === undefined) return undefined;
      const out = await this.unpacker.take(piece);
      if (out.length > 0) return Buffer.concat(out);
    }
  }

  close(): void {
    this.compressed.close();
    this.unpacker.close();
  }
}

function tailOf(path: string, offset: number): Tail {
  const packing = packingOf(path);
  if (packing === 'plain') return new PlainTail(path, offset);
  if (packing === 'gzip') return new PackedTail(path, GZIP_UNPACKING);
  if (ZSTD_UNPACKING === undefined) throw new Error(NO_ZSTD);
  return new PackedTail(path, ZSTD_UNPACKING);
}

function fileAt(path: string): RecordingFile | undefined {
  try {
    const stat = statSync(path, { bigint: true });
    return stat.isFile() ? { id: `${stat.dev}:${stat.ino}`, path, size: Number(stat.size) } : undefined;
  } catch {
    // Gone since the directory was read.
    return undefined;
  }
}

function writeNote(path: string, text: string): void {
  const fresh = `${path}.new`;
  const fd = openSync(fresh, 'w', PRIVATE);
  try {
    writeSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(fresh, path);
  const directory = openSync(dirname(path), 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

function readNote(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

export const recordingFiles: RecordingFiles = {
  list: (directory) => readdirSync(directory).flatMap((name) => fileAt(join(directory, name)) ?? []),
  open: tailOf,
  readNote,
  writeNote,
};
