/** `procwatch events`: the event table for people. */
import { plainTable } from '../format/plain-table.ts';
import { FROM_PROGRAMS, REFINEMENTS, WIRE } from '../netlink/events.ts';

const hex = (bit: number): string => (bit === 0 ? '' : `0x${bit.toString(16).padStart(8, '0')}`);

export function listEvents(): string {
  const table = plainTable(['NAME', 'BIT', 'MEANING', 'ITS RECORD CARRIES'], ['left', 'right', 'left', 'left']);
  for (const [name, { bit, meaning, carries }] of Object.entries({ ...WIRE, ...REFINEMENTS })) {
    table.push([name, hex(bit), meaning, carries]);
  }
  for (const [name, { meaning, carries }] of Object.entries(FROM_PROGRAMS)) table.push([name, '', meaning, carries]);
  return `${table.toString().replace(/ +$/gm, '')}\n`;
}
