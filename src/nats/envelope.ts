/**
 * What stands beside the lines of a message, in one header: of which boot and which stream they are, and which numbers they cover. A message
 * covers every record of its subject with a number above `after` and up to `last`. By that a reader can tell what it has seen.
 */
export interface Envelope {
  readonly bootId: string;
  /** The stream of records: the monotonic time of its `start`, since a boot may see many, and each counts from 1. */
  readonly run: string;
  readonly after: number;
  readonly first: number;
  readonly last: number;
  readonly count: number;
  /** Wall clock of the sender, in milliseconds: by it clocks of hosts are compared. */
  readonly sentMs: number;
}

export const HEADER = 'Procwatch';
const VERSION = 1;

export function headerOf({ bootId, run, after, first, last, count, sentMs }: Envelope): string {
  return [VERSION, bootId, run, after, first, last, count, sentMs].join(' ');
}

const FORM = /^1 ([0-9a-f-]{1,64}) (\d{1,32}) (\d{1,15}) (\d{1,15}) (\d{1,15}) (\d{1,9}) (\d{1,15})$/;

/** Undefined for what is no header of ours, or contradicts itself. */
export function envelopeOf(header: string): Envelope | undefined {
  const [, bootId, run, ...numbers] = FORM.exec(header) ?? [];
  if (bootId === undefined) return undefined;
  const [after, first, last, count, sentMs] = numbers.map(Number);
  return after < first && first <= last ? { bootId, run, after, first, last, count, sentMs } : undefined;
}

/** Names the content: the same records cut in the same way have the same id, and the server keeps one of them. */
export function messageId(token: string, kind: string, { bootId, run, first, last }: Envelope): string {
  return `${token}/${bootId}/${run}/${kind}/${first}-${last}`;
}
