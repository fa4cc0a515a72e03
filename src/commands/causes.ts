/** `procwatch causes`: the table of causes for people. */
import { CAUSES } from '../cause/causes.ts';
import { plainTable } from '../format/plain-table.ts';

export function listCauses(): string {
  const table = plainTable(['NAME', 'MEANING', 'TOLD BY', 'ITS RECORD CARRIES'], ['left', 'left', 'left', 'left']);
  for (const [name, { meaning, toldBy, carries }] of Object.entries(CAUSES)) {
    table.push([name, meaning, toldBy, carries]);
  }
  return `${table.toString().replace(/ +$/gm, '')}\n`;
}
