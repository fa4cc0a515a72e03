/** Foreign text in JSON: quoted, safe to look at, and with its bytes beside it where it is not UTF-8. */
import { type BrokenText, readable, type Text } from '../process/text.ts';
import { NOT_TO_BE_SEEN, patternOf, TOO_MANY_MARKS } from './hazards.ts';

/** Characters JSON may carry raw, but nobody can look at: DEL, C1, what cannot be seen, and more marks than a letter may have. */
const unsafeToLookAt = patternOf(`[\\u007f-\\u009f${NOT_TO_BE_SEEN}]|${TOO_MANY_MARKS}|(?<=")\\p{M}`);
const ASCII = /^[ -~]*$/;

function unicodeEscape(character: string): string {
  let out = '';
  for (let i = 0; i < character.length; i++) out += `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`;
  return out;
}

/** JSON that somebody else has written, made safe to look at: such characters can stand in its texts alone. */
export const safeJson = (json: string): string =>
  ASCII.test(json) ? json : json.replace(unsafeToLookAt(), unicodeEscape);

/** JSON text that is safe to look at too. */
export const quoted = (value: string): string => safeJson(JSON.stringify(value));

export const base64 = (text: Text): string =>
  Buffer.from(typeof text === 'string' ? text : text.bytes).toString('base64');
export const isBroken = (text: Text): text is BrokenText => typeof text !== 'string';

/** A text as members of an object: a second one, with its bytes, where it is not UTF-8. */
export function quotedText(name: string, text: Text): string[] {
  const member = `"${name}":${quoted(readable(text))}`;
  return isBroken(text) ? [member, `"${name}_base64":"${base64(text)}"`] : [member];
}

/** The same of a list of texts: the second is as long as the first. */
export function quotedList(name: string, list: readonly Text[]): string[] {
  const member = `"${name}":[${list.map((text) => quoted(readable(text))).join(',')}]`;
  return list.some(isBroken) ? [member, `"${name}_base64":${JSON.stringify(list.map(base64))}`] : [member];
}

/** Either, each behind a comma, as the letters of its bytes (Latin 1). */
export function textLetters(name: string, value: Text | readonly Text[]): string {
  const isList = (some: Text | readonly Text[]): some is readonly Text[] => Array.isArray(some);
  const members = isList(value) ? quotedList(name, value) : quotedText(name, value);
  return Buffer.from(members.map((one) => `,${one}`).join('')).toString('latin1');
}
