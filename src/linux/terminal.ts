/** The window of a terminal. Source: ioctl_tty(2), TIOCGWINSZ. */
import { isatty } from 'node:tty';
import { ioctl } from './libc.ts';

/** The same number on all machines but one. */
const TIOCGWINSZ = process.arch === 'ppc64' ? 0x40087468 : 0x5413;
/** Of a terminal that does not know. */
const USUAL = { width: 80, height: 24 } as const;

/** Undefined if this is no terminal. */
export function windowOf(fd: number): { readonly width: number; readonly height: number } | undefined {
  if (!isatty(fd)) return undefined;
  const [height, width] = sizes(fd);
  return { width: width || USUAL.width, height: height || USUAL.height };
}

/** `struct winsize`: rows, columns, and two that nobody fills. */
function sizes(fd: number): Uint16Array {
  const size = new Uint16Array(4);
  return ioctl(fd, TIOCGWINSZ, size) < 0 ? new Uint16Array(4) : size;
}
