/** `procwatch causes`: the table of causes for people. Its sentences are too long to stand beside each other. */
import { CAUSES } from '../cause/causes.ts';

export function listCauses(): string {
  return Object.entries(CAUSES)
    .map(
      ([name, { meaning, toldBy, carries }]) => `${name}\n  ${meaning}\n  told by  ${toldBy}\n  carries  ${carries}\n`,
    )
    .join('\n');
}
