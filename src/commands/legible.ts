/** Output for people where the locale names no UTF-8: the same host, whose streams and files get ASCII. */
import { inAscii, isUtf8Locale } from '../format/plain-signs.ts';
import type { Host, OutputStream } from '../host/host.ts';
import type { Typed } from './options.ts';

const textOf = (chunk: string | Uint8Array): string =>
  typeof chunk === 'string' ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString();

class AsciiStream implements OutputStream {
  private readonly stream: OutputStream;

  constructor(stream: OutputStream) {
    this.stream = stream;
  }

  get isTerminal(): boolean {
    return this.stream.isTerminal;
  }

  size: OutputStream['size'] = () => this.stream.size();
  write: OutputStream['write'] = (chunk) => this.stream.write(inAscii(textOf(chunk)));
  pending: OutputStream['pending'] = () => this.stream.pending();
  onError: OutputStream['onError'] = (listener) => this.stream.onError(listener);
  flushed: OutputStream['flushed'] = () => this.stream.flushed();
  abandon = (): void => this.stream.abandon?.();
}

/** JSON is text for programs, and UTF-8 by its definition; so are a file of a timeline and what goes to a server. */
const isForPrograms = ({ json = [], format = [], timeline = [], to = [] }: Typed): boolean =>
  json.length > 0 || format.at(-1) === 'json' || timeline.length > 0 || to.length > 0;

/** Commands that write nothing else. */
const FOR_PROGRAMS: readonly string[] = ['record', 'timeline', 'completion'];

export function legible(host: Host, command: string, typed: Typed): Host {
  if (isUtf8Locale(host.env) || isForPrograms(typed) || FOR_PROGRAMS.includes(command)) return host;
  return Object.create(host, {
    stdout: { value: new AsciiStream(host.stdout) },
    stderr: { value: new AsciiStream(host.stderr) },
    openFile: { value: (...where: Parameters<Host['openFile']>) => new AsciiStream(host.openFile(...where)) },
  }) as Host;
}
