/**
 * The file that a recording is written to: whole lines at its end, whatever happens. What cannot be written waits in memory and is tried again;
 * how much may wait is for the sink to say. Compressed files grow by blocks.
 */
import * as zlib from 'node:zlib';
import { Failure } from '../errors.ts';
import type { AppendedFile } from '../host/files.ts';
import type { Host, OutputStream } from '../host/host.ts';
import { discardOldest, nextName, setAside } from './ended-files.ts';
import { type Packing, packingOf } from './file-names.ts';
import { memberOf } from './gzip-member.ts';
import { repairLines } from './repair.ts';
import { repairMembers } from './repair-members.ts';

type FileHost = Pick<Host, 'fileSystem' | 'after'>;

/** A machine that goes down loses no more than this, or the lines of the last seconds. */
export const BLOCK_BYTES = 2 ** 20;
const BLOCK_MS = 5000;
const RETRY_MS = 1000;

/** Not every Node.js we run on can. */
const { zstdCompressSync } = zlib as unknown as { readonly zstdCompressSync?: (bytes: Uint8Array) => Uint8Array };

export interface RecordingFileOptions {
  readonly path: string;
  /** As the end of its name says, unless given. */
  readonly packing?: Packing;
  /** Lines of so many bytes are compressed together at the most. */
  readonly blockBytes?: number;
  /** How many ended files are kept; all are where this is undefined. */
  readonly keep?: number | undefined;
  /** The wall clock, in seconds. */
  readonly seconds: () => number;
  /** A line for stderr. */
  readonly tell: (line: string) => void;
}

export class RecordingFile implements OutputStream {
  readonly isTerminal = false;
  private readonly host: FileHost;
  private readonly options: RecordingFileOptions;
  private readonly packing: Packing;
  private file: AppendedFile;
  private isClosed = false;
  /** Lines that no block is made of yet, and when the first of them came. */
  private lines: Uint8Array[] = [];
  private lineBytes = 0;
  private lineSeconds = 0;
  /** Blocks on their way into the file. */
  private blocks: Uint8Array[] = [];
  private blockBytes = 0;
  private failure: string | undefined;
  private timer: { cancel(): void } | undefined;
  private retry: { cancel(): void } | undefined;
  private written = 0;
  private next: AppendedFile | undefined;
  /** There can be no other file now, and that was told. */
  private isStuck = false;

  /** Throws a Failure where there can be no such file. */
  constructor(host: FileHost, options: RecordingFileOptions) {
    this.host = host;
    this.options = options;
    this.packing = options.packing ?? packingOf(options.path);
    if (this.packing === 'zstd' && zstdCompressSync === undefined) {
      throw new Failure(
        'usage',
        `${options.path}: this Node.js does not know zstd`,
        'a name that ends in .gz is compressed by gzip',
      );
    }
    this.file = this.open();
  }

  private open(): AppendedFile {
    try {
      return this.openWhole();
    } catch (error) {
      throw new Failure('output', `cannot write ${this.options.path}: ${(error as Error).message}`);
    }
  }

  /** What nobody can repair is kept as it is, under another name. */
  private openWhole(): AppendedFile {
    const { fileSystem } = this.host;
    const { path } = this.options;
    const file = fileSystem.openToAppend(path);
    if (!file.isRegular || file.size() === 0) return file;
    if (this.packing === 'plain') repairLines(file);
    const isWhole = this.packing === 'plain' || (this.packing === 'gzip' && repairMembers(file));
    if (isWhole) return file;
    file.close();
    setAside(fileSystem, path);
    return fileSystem.openToAppend(path);
  }

  size(): undefined {
    return undefined;
  }

  /** Bytes in the file by us. */
  get bytes(): number {
    return this.written;
  }

  /** Whether the file that has this name is still ours. */
  get isThere(): boolean {
    return this.host.fileSystem.identity(this.options.path) === this.file.identity;
  }

  /** Whole lines. */
  write(chunk: string | Uint8Array): void {
    const bytes = Buffer.from(chunk as Uint8Array);
    if (bytes.length === 0) return;
    if (this.packing === 'plain') {
      this.add(bytes);
      return this.flush();
    }
    if (this.lineBytes === 0) {
      this.lineSeconds = this.options.seconds();
      this.timer ??= this.host.after(BLOCK_MS, () => this.flushAll());
    }
    this.lines.push(bytes);
    this.lineBytes += bytes.length;
    if (this.lineBytes >= (this.options.blockBytes ?? BLOCK_BYTES)) this.flushAll();
  }

  private add(block: Uint8Array): void {
    this.blocks.push(block);
    this.blockBytes += block.length;
  }

  /** All lines so far go into the file, if that can be written. */
  flushAll(): void {
    this.timer?.cancel();
    this.timer = undefined;
    if (this.lineBytes > 0) {
      const block = Buffer.concat(this.lines);
      this.lines = [];
      this.lineBytes = 0;
      this.add(this.packing === 'zstd' ? (zstdCompressSync?.(block) ?? block) : memberOf(block, this.lineSeconds));
    }
    this.flush();
  }

  private flush(): void {
    while (this.blocks.length > 0 && this.append(this.blocks[0])) {
      this.blockBytes -= this.blocks[0].length;
      this.blocks.shift();
    }
  }

  private append(block: Uint8Array): boolean {
    if (this.isClosed) return false;
    const before = this.file.isRegular ? this.file.size() : 0;
    try {
      this.file.append(block);
    } catch (error) {
      this.fail((error as NodeJS.ErrnoException).code ?? String(error), before);
      return false;
    }
    this.written += block.length;
    if (this.failure !== undefined) this.options.tell(`procwatch: ${this.options.path} can be written again\n`);
    this.failure = undefined;
    return true;
  }

  /** Nothing is left in the file of what did not fit. */
  private fail(code: string, before: number): void {
    if (this.file.isRegular && this.file.size() > before) this.file.truncate(before);
    if (this.failure === undefined) {
      this.options.tell(`procwatch: cannot write ${this.options.path}: ${code}; what comes waits in memory\n`);
    }
    this.failure = code;
    this.retry?.cancel();
    this.retry = this.host.after(RETRY_MS, () => this.flush());
  }

  pending(): number {
    return this.lineBytes + this.blockBytes;
  }

  get isFailing(): boolean {
    return this.failure !== undefined;
  }

  /** A write that fails is no end of a recording. */
  onError(): void {}

  /**
   * Opens the file that is to follow, under the same name; what is written still goes into this one. False where that cannot be now, and then
   * nothing has changed.
   * @param how `rotate`: this file gets a number; `reopen`: somebody else has renamed it
   */
  prepare(how: 'rotate' | 'reopen'): boolean {
    this.flushAll();
    if (this.blocks.length > 0) return false;
    const { fileSystem } = this.host;
    const { path } = this.options;
    const ended = how === 'rotate' && this.isThere ? nextName(fileSystem, path) : undefined;
    try {
      if (ended !== undefined) fileSystem.rename(path, ended);
      this.next = this.openOr(() => ended !== undefined && fileSystem.rename(ended, path));
    } catch (error) {
      if (!this.isStuck) this.options.tell(`procwatch: ${(error as Error).message}: the file at hand is written on\n`);
      this.isStuck = true;
      return false;
    }
    this.isStuck = false;
    return true;
  }

  private openOr(undo: () => void): AppendedFile {
    try {
      return this.open();
    } catch (error) {
      undo();
      throw error;
    }
  }

  /** Ends this file: the next line goes into the one that was prepared. */
  turn(): void {
    this.flushAll();
    if (this.next === undefined) return;
    this.file.close();
    this.file = this.next;
    this.next = undefined;
    this.written = 0;
    discardOldest(this.host.fileSystem, this.options.path, this.options.keep);
  }

  /** Everything that could be written is in the file. */
  close(): void {
    this.flushAll();
    this.retry?.cancel();
    if (this.isClosed) return;
    this.file.close();
    this.isClosed = true;
    const { path, tell } = this.options;
    if (this.blockBytes > 0) tell(`procwatch: ${path}: ${this.blockBytes} bytes could not be written\n`);
  }

  async flushed(): Promise<void> {
    this.close();
  }
}
