/**
 * Bounds on what is kept of other people's text. A process may have megabytes of arguments, anybody may start thousands of them, and images
 * are kept as long as their processes and longer. So arguments are read up to a limit, and all images with much text together may hold
 * so many bytes and no more: the oldest of them then keep the beginning of their arguments only, and say so as a cut image does.
 */
import { changed, type Image } from './image.ts';
import { type Text, textOf } from './text.ts';

/** As long as one argument may be (MAX_ARG_STRLEN, include/uapi/linux/binfmts.h). */
export const ARGS_MOST = 128 * 1024;

/** Images with more text than this are counted; of those that must give way so much is left. */
const HEAVY_BYTES = 4096;
const LEFT_BYTES = 1024;
const MOST_IN_ALL = 12 * 2 ** 20;

/** The first `most` bytes of a text, without half a character at the end. */
function cutText(text: Text, most: number): Text {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text.bytes;
  let end = Math.min(most, bytes.length);
  // Of a valid text a character may be torn: back to where it begins.
  if (typeof text === 'string' && end < bytes.length) while (end > 0 && (bytes[end] & 0xc0) === 0x80) end--;
  return textOf(bytes.subarray(0, end));
}

const bytesOf = (text: Text): number => (typeof text === 'string' ? Buffer.byteLength(text) : text.bytes.length);

/** Bytes of arguments, each with its NUL. */
function argsBytes(image: Image): number {
  const { argsLetters: letters } = image;
  if (letters !== undefined) return letters.length;
  return (image.args ?? []).reduce((sum, text) => sum + bytesOf(text) + 1, 0);
}

export interface CutArgs {
  readonly args: readonly Text[];
  /** Bytes of all of them, if not all are there. */
  readonly argsTotal: number | undefined;
}

/** The first `most` bytes of arguments. `total`: of how many these are themselves the beginning. */
export function cutArgs(args: readonly Text[], most: number, total?: number): CutArgs {
  const kept: Text[] = [];
  let bytes = 0;
  for (const text of args) {
    const room = most - bytes;
    bytes += bytesOf(text) + 1;
    if (bytes <= most) kept.push(text);
    else if (room > 0) kept.push(cutText(text, room));
  }
  return { args: kept, argsTotal: bytes > most ? (total ?? bytes) : total };
}

/** The images with much text, the oldest first, and what each holds. */
const heavy = new Map<Image, number>();
let inAll = 0;

/** An image may have a way of its own to let go of text; others are objects whose members are replaced. */
function lighten(image: Image): void {
  if (image.lighten !== undefined) return image.lighten(LEFT_BYTES);
  if (image.args !== undefined)
    Object.assign(image, cutArgs(image.args, LEFT_BYTES, image.argsTotal), { kept: undefined });
}

function letGoOfOldest(): void {
  for (const [image, bytes] of heavy) {
    if (inAll <= MOST_IN_ALL) return;
    heavy.delete(image);
    inAll -= bytes;
    lighten(image);
  }
}

/** The same image, which counts from now on. To be called once for each that is made of what was read. */
export function bounded(image: Image): Image {
  const bytes = image.textBytes ?? argsBytes(image);
  if (bytes <= HEAVY_BYTES) return image;
  heavy.set(image, bytes);
  inAll += bytes;
  if (inAll > MOST_IN_ALL) letGoOfOldest();
  return image;
}

/** A letter of a text in JSON takes six at the most, and its bytes beside it, where it is not UTF-8, one and a third. */
const WORST = 8;
const PLAIN = /^[ !#-[\]-~]*$/;
const QUOTES_AND_COMMA = 3;
/** Of a path: more than any has that is what people take for one (PATH_MAX is 4096). */
const PATH_WRITTEN = 8192;

/** Bytes that a text takes in JSON, or a few more. `twin`: its bytes stand beside it. */
function writtenBytes(text: Text, twin: boolean): number {
  const letters = typeof text === 'string' ? text : text.text;
  let bytes = QUOTES_AND_COMMA;
  if (PLAIN.test(letters)) bytes += letters.length;
  else for (const letter of letters) bytes += PLAIN.test(letter) ? 1 : 6 * letter.length;
  return twin ? bytes + QUOTES_AND_COMMA + Math.ceil(bytesOf(text) / 3) * 4 : bytes;
}

const isBroken = (text: Text): boolean => typeof text !== 'string';

function argsWrittenUpTo(args: readonly Text[], most: number, total: number | undefined): CutArgs {
  const twin = args.some(isBroken);
  const kept: Text[] = [];
  let left = most;
  for (const text of args) {
    const bytes = writtenBytes(text, twin);
    if (bytes > left) {
      const room = Math.floor(left / (!twin && PLAIN.test(text as string) ? 1 : WORST)) - QUOTES_AND_COMMA;
      if (room > 0) kept.push(cutText(text, room));
      return { args: kept, argsTotal: total ?? args.reduce((sum, one) => sum + bytesOf(one) + 1, 0) };
    }
    left -= bytes;
    kept.push(text);
  }
  return { args, argsTotal: total };
}

const pathUpTo = (path: Text | undefined): Text | undefined =>
  path === undefined || writtenBytes(path, isBroken(path)) <= PATH_WRITTEN ? path : undefined;

/** The same image with so many bytes of arguments at the most, as JSON writes them, and without paths that none is as long as. */
export function withArgsUpTo(image: Image, most: number): Image {
  if (image.textBytes !== undefined && image.textBytes * WORST <= most) return image;
  const { exe, path, cwd } = image;
  const cut = image.args && argsWrittenUpTo(image.args, most, image.argsTotal);
  const paths = { exe: pathUpTo(exe), path: pathUpTo(path), cwd: pathUpTo(cwd) };
  if (cut?.args === image.args && paths.exe === exe && paths.path === path && paths.cwd === cwd) return image;
  return changed(image, {
    ...paths,
    ...(paths.exe !== exe && { exeMissing: 'too long' }),
    ...(paths.cwd !== cwd && { cwdMissing: 'too long' }),
    ...cut,
  });
}
