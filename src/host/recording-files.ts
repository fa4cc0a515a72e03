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
import { constants, createGunzip, type Gunzip } from 'node:zlib';
import type { RecordingFile, RecordingFiles, Tail } from '../forward/recording-files.ts';

const CHUNK_BYTES = 1024 * 1024;
const PRIVATE = 0o600;

class PlainTail implements Tail {
  private readonly fd: number;
  private at: number;

  constructor(path: string, offset: number) {
    this.fd = openSync(path, 'r');
    this.at = offset;
  }

  get offset(): number {
    return this.at;
  }

  read(): Promise<Uint8Array | undefined> {
    // Who copies a log away and truncates it begins anew.
    if (fstatSync(this.fd).size < this.at) this.at = 0;
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    const count = readSync(this.fd, chunk, 0, chunk.length, this.at);
    this.at += count;
    return Promise.resolve(count === 0 ? undefined : chunk.subarray(0, count));
  }

  close(): void {
    closeSync(this.fd);
  }
}

class GzipTail implements Tail {
  readonly offset = 0;
  private readonly compressed: PlainTail;
  private readonly gunzip: Gunzip;
  private readonly chunks: Uint8Array[] = [];
  private failure: Error | undefined;

  constructor(path: string) {
    this.compressed = new PlainTail(path, 0);
    this.gunzip = createGunzip({ finishFlush: constants.Z_SYNC_FLUSH });
    this.gunzip.on('data', (chunk: Uint8Array) => this.chunks.push(chunk));
    this.gunzip.on('error', (error) => {
      this.failure = error;
    });
  }

  async read(): Promise<Uint8Array | undefined> {
    while (this.chunks.length === 0) {
      if (this.failure !== undefined) throw this.failure;
      const chunk = await this.compressed.read();
      if (chunk === undefined) return undefined;
      await new Promise<void>((resolve) => {
        this.gunzip.once('error', () => resolve());
        this.gunzip.write(chunk, () => resolve());
      });
      this.gunzip.removeAllListeners('error').on('error', (error) => {
        this.failure = error;
      });
    }
    return Buffer.concat(this.chunks.splice(0));
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
