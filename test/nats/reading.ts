/** Reads back what an engine keeps, as procwatch does, for comparison. */
import { realHost } from '../../src/host/real-host.ts';
import type { Engine } from '../../src/nats/engine.ts';
import { type FarLine, FarLines, type FarRequest } from '../../src/nats/far-lines.ts';

export async function readAll(
  engine: Engine,
  request: Partial<FarRequest> = {},
): Promise<{ lines: FarLine[]; reader: FarLines }> {
  const reader = new FarLines(realHost(), engine, { follows: false, ...request });
  const lines: FarLine[] = [];
  for await (const batch of reader.batches()) for (const line of batch) lines.push(line);
  return { lines, reader };
}

/** The numbers of one host's records, in order. */
export function numbersOf(lines: readonly FarLine[], host: string): number[] {
  return lines
    .filter((line) => line.host === host)
    .map(({ seq }) => seq)
    .sort((a, b) => a - b);
}
