/** Who we are for an engine, from options, environment and the files that they name; and the engine behind an address. */
import { Failure } from '../errors.ts';
import { escapeText } from '../format/escape.ts';
import type { Host } from '../host/host.ts';
import type { NatsAddress } from '../nats/address.ts';
import type { Access, EngineNews } from '../nats/engine.ts';

export interface AccessOptions {
  readonly natsCreds: string | undefined;
  readonly natsCa: string | undefined;
}

function contents(host: Host, path: string | undefined): string | undefined {
  if (path === undefined || path === '') return undefined;
  try {
    return host.readFile(path);
  } catch (error) {
    throw new Failure('usage', `cannot read ${path}: ${(error as Error).message}`);
  }
}

/** Read once, at the start: later the rights to read it may be gone. */
export function accessOf(host: Host, { natsCreds, natsCa }: AccessOptions): Access {
  const { NATS_USER, NATS_PASSWORD, NATS_TOKEN, NATS_CREDS, NATS_CA, NATS_CERT, NATS_KEY } = host.env;
  return {
    user: NATS_USER,
    password: NATS_PASSWORD,
    token: NATS_TOKEN,
    credentials: contents(host, natsCreds ?? NATS_CREDS),
    authority: contents(host, natsCa ?? NATS_CA),
    certificate: contents(host, NATS_CERT),
    key: contents(host, NATS_KEY),
  };
}

/** Says each thing once, until the opposite was said. */
export function newsTeller(host: Pick<Host, 'stderr'>, address: NatsAddress): (news: EngineNews) => void {
  let said = 'back';
  return (news) => {
    const now = news.kind === 'refused' ? news.why : news.kind;
    if (now === said) return;
    said = now;
    const words = {
      away: 'is away; what is to be sent waits',
      back: 'is there again',
      refused: `refuses: ${news.kind === 'refused' ? escapeText(news.why) : ''}`,
    };
    host.stderr.write(`procwatch: ${address.text} ${words[news.kind]}\n`);
  };
}
