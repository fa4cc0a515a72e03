/** What following recordings needs of a file system: a door of the host. */

export interface RecordingFile {
  /** Stays when the file is renamed: device and inode. */
  readonly id: string;
  readonly path: string;
  readonly size: number;
}

/** A file that is read to its end again and again. Compressed ones give what was compressed. */
export interface Tail {
  /** Of the file, as far as it was read; 0 of a compressed one, which can only be read from the beginning. */
  readonly offset: number;
  /** How often it had to begin anew, since the file became shorter. */
  readonly rewinds: number;
  /** What is there and was not read, some at a time; undefined where there is nothing at the moment. Rejects where it cannot be read. */
  read(): Promise<Uint8Array | undefined>;
  close(): void;
}

export interface RecordingFiles {
  /** The regular files of a directory. Throws as `openFile` does. */
  list(directory: string): readonly RecordingFile[];
  /** Throws for what cannot be opened, or unpacked here. */
  open(path: string, offset: number): Tail;
  /** Undefined where there is none. */
  readNote(path: string): string | undefined;
  /** Whole or not at all, and on the disk when it returns. */
  writeNote(path: string, text: string): void;
}
