/**
 * Text that comes from outside: names, arguments and paths are bytes to the kernel. Valid UTF-8 is a plain string; anything else keeps
 * its bytes, so that nothing is lost and a formatter can show what is broken.
 */
import { isUtf8 } from 'node:buffer';

export interface BrokenText {
  /** With U+FFFD in place of what is not UTF-8. */
  readonly text: string;
  readonly bytes: Uint8Array;
}

export type Text = string | BrokenText;

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Copies the bytes. */
export function textOf(bytes: Uint8Array): Text {
  const text = decoder.decode(bytes);
  return isUtf8(bytes) ? text : { text, bytes: new Uint8Array(bytes) };
}

/** The readable form, with U+FFFD where it is broken. */
export function readable(text: Text): string {
  return typeof text === 'string' ? text : text.text;
}
