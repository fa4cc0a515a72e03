/**
 * The end of the output: what still waits is given its reader as long as that one reads. Where nobody does, the time that was given and the
 * signal that came are worth more, and what was not delivered is counted.
 */
import type { Host, OutputStream } from '../host/host.ts';

/** A reader who takes nothing for so long takes nothing any more. */
const PATIENCE_MS = { kept: 300, hurried: 150 } as const;
const LOOKS = 2;

type Pace = keyof typeof PATIENCE_MS;
type EndingHost = Pick<Host, 'after' | 'stderr'>;

/** Resolves when all is written, or nobody takes it. `hurried`: after a signal even a slow reader gets no more time. */
export async function delivered(host: EndingHost, output: OutputStream, how: Pace): Promise<void> {
  const parts = output.parts ?? [output];
  await Promise.all(parts.map((part) => (part.endsByItself ? part.flushed() : taken(host, part, how))));
}

async function taken(host: EndingHost, output: OutputStream, how: Pace): Promise<void> {
  let isDone = false;
  let timer: { cancel(): void } | undefined;
  const flushed = output.flushed().then(() => {
    isDone = true;
    timer?.cancel();
  });
  for (let look = 0; !isDone && look < LOOKS; look++) {
    const before = output.pending();
    const passed = new Promise<void>((resolve) => {
      timer = host.after(PATIENCE_MS[how], resolve);
    });
    await Promise.race([flushed, passed]);
    if (how === 'kept' && output.pending() < before) look = -1;
  }
  if (isDone) return;
  const bytes = output.pending();
  output.abandon?.();
  host.stderr.write(`procwatch: the reader of the output takes nothing: ${bytes} bytes were not delivered\n`);
}
