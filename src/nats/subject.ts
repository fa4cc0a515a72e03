/**
 * The subjects of messages: `procwatch.HOST.KIND`, where KIND is the event, and for ends also how. Wildcards stand for whole tokens, so the
 * server itself can select by host and by event. A host's name is one token: what may not stand in one is written as in an URL.
 */
export const ROOT = 'procwatch';

/** An end whose status nobody knows is neither: who asks for failures gets it too, as from a live watch. */
const FAILURES = ['exit.failed', 'exit.unknown'];

const PLAIN = /^[A-Za-z0-9_-]$/;
const MOST_BYTES = 255;

/** Undefined for a name that is empty or too long. */
export function tokenOf(host: string): string | undefined {
  const bytes = Buffer.from(host);
  if (bytes.length === 0 || bytes.length > MOST_BYTES) return undefined;
  return [...bytes]
    .map((byte) => {
      const letter = String.fromCharCode(byte);
      return PLAIN.test(letter) ? letter : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}

/** Undefined for what `tokenOf` does not write. */
export function hostOf(token: string): string | undefined {
  if (!/^(?:[A-Za-z0-9_-]|%[0-9A-F]{2})+$/.test(token)) return undefined;
  try {
    const host = decodeURIComponent(token);
    return tokenOf(host) === token ? host : undefined;
  } catch {
    return undefined;
  }
}

export const subjectOf = (token: string, kind: string): string => `${ROOT}.${token}.${kind}`;

/** Undefined for what is none of ours. */
export function partsOf(subject: string): { readonly host: string; readonly kind: string } | undefined {
  const [, token, kind] = /^procwatch\.([^.]+)\.([a-z]+(?:-[a-z]+)*(?:\.[a-z]+)?)$/.exec(subject) ?? [];
  const host = token === undefined ? undefined : hostOf(token);
  return host === undefined ? undefined : { host, kind };
}

/** Records about the stream, which belong to every selection: without them a gap would not be seen. */
const ALWAYS = ['start', 'end', 'lost'];

/** Births and programs that were missed are told by a look at what is there. */
const TOLD_AS_FOUND = ['fork', 'exec'];

function kindsOf(events: readonly string[]): string[] {
  const ends = events.includes('exit') ? ['exit.*'] : events.includes('nonzero-exit') ? FAILURES : [];
  const others = events.filter((event) => event !== 'exit' && event !== 'nonzero-exit');
  const found = events.some((event) => TOLD_AS_FOUND.includes(event)) ? ['found'] : [];
  return [...new Set([...others, ...ends, ...found, ...ALWAYS])];
}

/** A server is asked for so many filters at the most. */
const MOST_FILTERS = 64;

/**
 * What the server is to send: as narrow as subjects allow, and never less than what was asked for.
 * @param hosts by their whole names; undefined for all, or for those that only we can tell
 * @param events undefined for all
 * @param most how many filters this server takes
 */
export function filtersFor(
  hosts: readonly string[] | undefined,
  events: readonly string[] | undefined,
  most = MOST_FILTERS,
): string[] {
  const tokens = hosts?.flatMap((host) => tokenOf(host) ?? []) ?? ['*'];
  const kinds = events === undefined ? ['>'] : kindsOf(events);
  const both = tokens.flatMap((token) => kinds.map((kind) => subjectOf(token, kind)));
  if (both.length <= most) return both;
  if (tokens.length <= most) return tokens.map((token) => subjectOf(token, '>'));
  return kinds.length <= most ? kinds.map((kind) => subjectOf('*', kind)) : [subjectOf('*', '>')];
}
