/**
 * What comes after a file of a recording that turns: those that ended since it was opened have numbers, the one that is written has the name.
 * Several may have ended between two looks.
 */
import type { Files, ReadableFile } from '../host/files.ts';
import { directoryOf, numbered, numbersIn } from './file-names.ts';

const isAbsent = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

export class Turns {
  private readonly files: Files;
  private readonly path: string;
  /** What comes later has a higher number. */
  private passed: number;

  /** @param file has this name, or had it until now */
  constructor(files: Files, path: string, file: ReadableFile) {
    this.files = files;
    this.path = path;
    this.passed = this.numberOf(file) ?? this.numbers().at(-1) ?? 0;
  }

  private numbers(): number[] {
    return numbersIn(this.files.names(directoryOf(this.path)), this.path);
  }

  private numberOf({ identity }: ReadableFile): number | undefined {
    return this.numbers().find((number) => this.files.identity(numbered(this.path, number)) === identity);
  }

  private open(path: string): ReadableFile | undefined {
    try {
      return this.files.openToRead(path);
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
  }

  /**
   * The file after this one, opened. Undefined while nothing is in it: until then the old one may grow. Throws with a `code` where it cannot
   * be read.
   */
  after(file: ReadableFile): ReadableFile | undefined {
    if (this.files.identity(this.path) === file.identity) return undefined;
    // Opened before the numbers are read: what turns in between has got one by then.
    const newest = this.open(this.path);
    // It has none where it was moved away by others, or is no longer kept.
    this.passed = this.numberOf(file) ?? this.passed;
    const number = this.numbers().find((each) => each > this.passed);
    if (number === undefined) return this.filled(newest);
    newest?.close();
    this.passed = number - 1;
    return this.open(numbered(this.path, number));
  }

  private filled(file: ReadableFile | undefined): ReadableFile | undefined {
    if (file === undefined || file.size() > 0) return file;
    file.close();
    return undefined;
  }
}
