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
import { constants, createGunzip } from 'node:zlib';
import type { RecordingFile, RecordingFiles, Tail } from '../forward/recording-files.ts';

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

/** Compressed files grow by members, each of which is a whole. */
class GzipTail implements Tail {
  readonly offset = 0;
  private readonly compressed: PlainTail;
  private gunzip = createGunzip({ finishFlush: constants.Z_SYNC_FLUSH });
  private chunks: Uint8Array[] = [];
  private failure: Error | undefined;

  constructor(path: string) {
    this.compressed = new PlainTail(path, 0);
    this.listen();
  }

  get rewinds(): number {
    return this.compressed.rewinds;
  }

  private listen(): void {
    this.gunzip.on('data', (chunk: Uint8Array) => this.chunks.push(chunk));
    this.gunzip.on('error', (error) => {
      this.failure = error;
    });
  }

  private beginAnew(): void {
    this.gunzip.destroy();
    this.gunzip = createGunzip({ finishFlush: constants.Z_SYNC_FLUSH });
    this.chunks = [];
    this.failure = undefined;
    this.listen();
  }

  async read(): Promise<Uint8Array | undefined> {
    while (this.chunks.length === 0) {
      const before = this.rewinds;
      const chunk = await this.compressed.read();
      if (this.rewinds > before) this.beginAnew();
      if (this.failure !== undefined) throw this.failure;
      if (chunk === undefined) return undefined;
      await this.decompress(chunk);
    }
    return Buffer.concat(this.chunks.splice(0));
  }

  private decompress(chunk: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.gunzip.off('error', done);
        resolve();
      };
      this.gunzip.once('error', done);
      this.gunzip.write(chunk, done);
    });
  }

  close(): void {
    this.compressed.close();
    this.gunzip.destroy();
  }
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
  open: (path, offset) => (path.endsWith('.gz') ? new GzipTail(path) : new PlainTail(path, offset)),
  readNote,
  writeNote,
};
