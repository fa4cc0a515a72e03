/** The file that a timeline is drawn to: its name is checked before there is anything to draw, and it is shown where that is wanted. */
import { Failure } from '../errors.ts';
import { escapeText } from '../format/escape.ts';
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
  private readonly output: OutputStream;
  private failure: string | undefined;

  /** Opens it, so that what cannot be written is known before anything was done for it. */
  constructor(host: Host, path: string) {
    this.host = host;
    this.path = path;
    this.output = openOutput(host, path);
    this.output.onError((code) => {
      this.failure = code;
    });
  }

  /** False if it could not be written, which was said then. */
  async draw(drawing: Drawing): Promise<boolean> {
    const { host, path, output } = this;
    await drawing.write(
      path,
      (file) => host.readFile(file),
      (chunk) => output.write(chunk),
    );
    await output.flushed();
    if (this.failure === undefined) return true;
    host.stderr.write(`procwatch: cannot write ${escapeText(path)}: ${this.failure}\n`);
    return false;
  }

  say(drawing: Drawing): void {
    const many = drawing.processes.toLocaleString('en-US');
    this.host.stderr.write(
      `procwatch: ${escapeText(this.path)} shows ${many} ${many === '1' ? 'process' : 'processes'}\n`,
    );
  }

  /** Shows it as the desktop would. What is in the way is told, and is no failure. */
  async open(): Promise<void> {
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
