/** A disk in memory: the files of a scripted host, with names that can be taken by others, and an end to its space. */
import type { AppendedFile, Files, ReadableFile } from '../../src/host/files.ts';
import type { ScriptedStream } from './scripted-host.ts';

const failure = (code: string, path: string): Error => Object.assign(new Error(`${code}: ${path}`), { code });

export class ScriptedFiles implements Files {
  /** Bytes that can still be written. */
  space = Number.POSITIVE_INFINITY;
  private readonly streams: Map<string, ScriptedStream>;
  private readonly make: () => ScriptedStream;
  private readonly identities = new WeakMap<ScriptedStream, string>();
  private count = 0;

  constructor(streams: Map<string, ScriptedStream>, make: () => ScriptedStream) {
    this.streams = streams;
    this.make = make;
  }

  private identityOf(stream: ScriptedStream): string {
    const known = this.identities.get(stream) ?? `1:${++this.count}`;
    this.identities.set(stream, known);
    return known;
  }

  private at(path: string): ScriptedStream {
    const stream = this.streams.get(path);
    if (stream === undefined) throw failure('ENOENT', path);
    return stream;
  }

  openToRead(path: string): ReadableFile {
    const stream = this.at(path);
    return {
      isRegular: true,
      identity: this.identityOf(stream),
      size: () => stream.bytes.length,
      read: async (into, at) => stream.bytes.copy(into, 0, at, at + into.length),
      close() {},
    };
  }

  openToAppend(path: string): AppendedFile {
    if (path.startsWith('/nowhere/')) throw failure('ENOENT', path);
    const stream = this.streams.get(path) ?? this.make();
    this.streams.set(path, stream);
    return {
      isRegular: true,
      identity: this.identityOf(stream),
      size: () => stream.bytes.length,
      readSync: (at, length) => stream.bytes.subarray(at, at + length),
      append: (bytes) => {
        const fits = Math.min(bytes.length, this.space);
        stream.write(bytes.subarray(0, fits));
        this.space -= fits;
        if (fits < bytes.length) throw failure('ENOSPC', path);
      },
      truncate: (size) => {
        this.space += stream.bytes.length - size;
        stream.bytes = stream.bytes.subarray(0, size);
      },
      close() {},
    };
  }

  identity(path: string): string | undefined {
    const stream = this.streams.get(path);
    return stream && this.identityOf(stream);
  }

  rename(from: string, to: string): void {
    this.streams.set(to, this.at(from));
    this.streams.delete(from);
  }

  remove(path: string): void {
    this.at(path);
    this.streams.delete(path);
  }

  names(directory: string): string[] {
    const prefix = directory === '.' ? '' : `${directory}/`;
    return [...this.streams.keys()].flatMap((path) => (path.startsWith(prefix) ? [path.slice(prefix.length)] : []));
  }
}
