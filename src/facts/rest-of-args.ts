/**
 * What a record has no room for: it holds the beginning of very long arguments, and the rest is read of the process while it is there.
 * What is read is its own if it begins alike, to the last byte.
 */
import { changed } from '../process/image.ts';
import type { ProcReader } from '../process/proc-reader.ts';
import { rawOf, type Text } from '../process/text.ts';
import type { Told } from '../process/witness.ts';

export function withRestOfArgs(reader: Pick<ProcReader, 'image'>, pid: number, told: Told): Told {
  const { image } = told;
  if (image.argsTotal === undefined) return told;
  const { args, argsTotal } = reader.image(pid);
  if (args === undefined || !beginsWith(args, image.args ?? [])) return told;
  return { ...told, image: changed(image, { args, argsTotal }) };
}

const bytesOf = (text: Text): Buffer => Buffer.from(typeof text === 'string' ? text : text.bytes);

/** Whether arguments go on where others, which may be cut, stop. */
function beginsWith(args: readonly Text[], beginning: readonly Text[]): boolean {
  const last = beginning.length - 1;
  if (last < 0 || args.length <= last) return false;
  const [whole, cut] = [bytesOf(args[last]), bytesOf(beginning[last])];
  const goesOn = whole.subarray(0, cut.length).equals(cut);
  return goesOn && beginning.every((text, i) => i === last || rawOf(text) === rawOf(args[i]));
}
