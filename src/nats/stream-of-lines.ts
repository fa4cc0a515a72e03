/**
 * Which stream the lines that follow belong to. Each `start` begins one, named by its own time: so whoever reads a recording, now or later and from
 * whatever file, comes to the same name.
 */
import type { Stream } from './batcher.ts';
import type { LineFacts } from './record-line.ts';
import { tokenOf } from './subject.ts';

/** Of a recording that does not say. */
export const NO_BOOT = '0';
const BOOT = /^[0-9a-f-]{1,64}$/;

/**
 * @param current undefined at the beginning of a recording
 * @param hostName the name to send under, whatever the recording says
 * @param ownHost where neither says one
 */
export function streamAt(
  current: Stream | undefined,
  facts: LineFacts,
  { hostName, ownHost }: { readonly hostName: string | undefined; readonly ownHost: string },
): Stream {
  const { start, monoNanos } = facts;
  if (current !== undefined && start === undefined) return current;
  const token = tokenOf(hostName ?? start?.host ?? ownHost) ?? 'unnamed';
  const bootId = start?.bootId !== undefined && BOOT.test(start.bootId) ? start.bootId : NO_BOOT;
  return { token, bootId, run: monoNanos };
}
