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

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const LONGEST_SEQUENCE = 4;

/** Bytes of the one valid UTF-8 character at `at`; 0 if there is none. */
function validLength(bytes: Uint8Array, at: number): number {
  for (let length = 1; length <= LONGEST_SEQUENCE && at + length <= bytes.length; length++) {
    try {
      strict.decode(bytes.subarray(at, at + length));
      return length;
    } catch {}
  }
  return 0;
}

/** A byte that is not UTF-8 stands in a raw text as this plus the byte: half of a surrogate pair alone, which no UTF-8 gives. */
const BYTE = 0xdc00;
const BYTES_ALONE = /[\udc80-\udcff]/u;

/**
 * Bytes as a string that `bytesOfRaw` turns back into the very same bytes, whatever they are: so what was typed on the command line stays
 * what it was on its way to a program, a file or a pattern.
 */
export function rawText(bytes: Uint8Array): string {
  if (isUtf8(bytes)) return decoder.decode(bytes);
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const length = validLength(bytes, at);
    text += length === 0 ? String.fromCharCode(BYTE + bytes[at]) : decoder.decode(bytes.subarray(at, at + length));
    at += length || 1;
  }
  return text;
}

export function bytesOfRaw(text: string): Uint8Array {
  if (!BYTES_ALONE.test(text)) return Buffer.from(text);
  const parts = [...text].map((character) => {
    const byte = rawByte(character);
    return byte === undefined ? Buffer.from(character) : Uint8Array.of(byte);
  });
  return Buffer.concat(parts);
}

/** The byte that a character of a raw text stands for, if it stands for one. */
export function rawByte(character: string): number | undefined {
  return BYTES_ALONE.test(character) ? character.charCodeAt(0) - BYTE : undefined;
}

/** What patterns are matched against: the bytes themselves, where they are not UTF-8. */
export function rawOf(text: Text): string {
  return typeof text === 'string' ? text : rawText(text.bytes);
}
