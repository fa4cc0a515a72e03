/** The file that a timeline is drawn to: its name is checked before there is anything to draw, and it is shown where that is wanted. */
import { Failure } from '../errors.ts';
import { escapeText } from '../format/escape.ts';
import type { AppendedFile } from '../host/files.ts';
import type { Host, OutputStream } from '../host/host.ts';
import type { Drawing } from '../timeline/drawing.ts';
import { KINDS_IN_WORDS, kindOf } from '../timeline/kinds.ts';
import { openOutput } from './output.ts';

/** Refuses a name that does not say what the file is to be. */
export function checkName(flag: string, path: string): void {
  if (kindOf(path) !== undefined) return;
  throw new Failure(
    'usage',
    `${flag}: the name "${path}" does not say what to draw`,
    `expected one that ends in ${KINDS_IN_WORDS}`,
  );
}

export class DrawnFile {
  private readonly host: Host;
  private readonly path: string;
  /** We made it. */
  private readonly isNew: boolean;
  private output: OutputStream | undefined;
  private failure: string | undefined;

  /** Makes it where there is none, so that what cannot be written is known before anything is done for it; what is there stays until it is drawn. */
  constructor(host: Host, path: string) {
    this.host = host;
    this.path = path;
    const [file, isNew] = made(host, path);
    this.isNew = isNew;
    // Whoever reads a pipe would see its end.
    if (!file.isRegular) this.open();
    file.close();
  }

  private open(): OutputStream {
    const output = openOutput(this.host, this.path);
    output.onError((code) => {
      this.failure = code;
    });
    this.output = output;
    return output;
  }

  /** False if it could not be written, which was said then. */
  async draw(drawing: Drawing): Promise<boolean> {
    const { host, path } = this;
    try {
      const output = this.output ?? this.open();
      await drawing.write(
        path,
        (file) => host.readFile(file),
        (chunk) => output.write(chunk),
      );
      await output.flushed();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      host.stderr.write(`procwatch: ${escapeText(error.message)}\n`);
      return false;
    }
    if (this.failure === undefined) return true;
    host.stderr.write(`procwatch: cannot write ${escapeText(path)}: ${this.failure}\n`);
    return false;
  }

  /** There is nothing to draw: a file that nobody else made goes again. */
  abandon(): void {
    const { fileSystem } = this.host;
    if (this.isNew && this.output === undefined && fileSystem.identity(this.path) !== undefined)
      fileSystem.remove(this.path);
  }

  say(drawing: Drawing): void {
    const many = drawing.processes.toLocaleString('en-US');
    this.host.stderr.write(
      `procwatch: ${escapeText(this.path)} shows ${many} ${many === '1' ? 'process' : 'processes'}\n`,
    );
  }

  /** Shows it as the desktop would. What is in the way is told, and is no failure. */
  async show(): Promise<void> {
    const { env, stderr } = this.host;
    const notice = (why: string): void => stderr.write(`procwatch: --open: ${why}\n`);
    if (!env.DISPLAY && !env.WAYLAND_DISPLAY)
      return notice('there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set)');
    try {
      await this.host.launch('xdg-open', [this.path]);
    } catch (error) {
      notice(`xdg-open cannot be run (${(error as NodeJS.ErrnoException).code})`);
    }
  }
}

/** The file, and whether it was not there before. */
function made({ fileSystem }: Host, path: string): readonly [AppendedFile, isNew: boolean] {
  try {
    const isNew = fileSystem.identity(path) === undefined;
    return [fileSystem.openToAppend(path), isNew];
  } catch (error) {
    throw new Failure('output', `cannot write ${path}: ${(error as Error).message}`);
  }
}
