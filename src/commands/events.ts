/** `procwatch events`: the event table for people. */
import { plainTable } from '../format/plain-table.ts';
import { type EventName, FROM_PROGRAMS, isHeard, isInRing, REFINEMENTS, WIRE } from '../netlink/events.ts';

const hex = (bit: number): string => (bit === 0 ? '' : `0x${bit.toString(16).padStart(8, '0')}`);

/** Which sources of events tell it (--source). */
function sourcesOf(name: EventName): string {
  return [...(isHeard(name) ? ['connector'] : []), ...(isInRing(name) ? ['bpf'] : [])].join(', ');
}

export function listEvents(): string {
  const table = plainTable(
    ['NAME', 'BIT', 'MEANING', 'SOURCE', 'ITS RECORD CARRIES'],
    ['left', 'right', 'left', 'left', 'left'],
  );
  for (const [name, { bit, meaning, carries }] of Object.entries({ ...WIRE, ...REFINEMENTS })) {
    table.push([name, hex(bit), meaning, sourcesOf(name as EventName), carries]);
  }
  for (const [name, { meaning, carries }] of Object.entries(FROM_PROGRAMS)) {
    table.push([name, '', meaning, sourcesOf(name as EventName), carries]);
  }
  return `${table.toString().replace(/ +$/gm, '')}\n`;
}
