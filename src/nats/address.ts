/** Addresses of an engine: `nats://HOST[:PORT]`, or `tls://` for an encrypted connection. Who may see a command line sees no secret in it. */
import { Failure } from '../errors.ts';

export interface NatsAddress {
  /** As it may be shown. */
  readonly text: string;
  /** `HOST:PORT`, as the client wants it. */
  readonly server: string;
  readonly isEncrypted: boolean;
}

const DEFAULT_PORT = 4222;
const SCHEMES = ['nats:', 'tls:'];

export const isNatsAddress = (text: string): boolean => SCHEMES.some((scheme) => text.startsWith(`${scheme}//`));

/** @param flag what it was given to, for messages */
export function readAddress(flag: string, text: string): NatsAddress {
  const bad = (why: string): Failure =>
    new Failure('usage', `${flag}: ${why}`, 'expected nats://HOST[:PORT], or tls://HOST[:PORT]');
  if (!isNatsAddress(text) || !URL.canParse(text)) throw bad(`"${text}" is no address of a NATS server`);
  const { protocol, hostname, port, username, password, pathname, search, hash } = new URL(text);
  if (username !== '' || password !== '') {
    throw new Failure(
      'usage',
      `${flag}: an address holds no name and no password, since everybody can read command lines`,
      'set NATS_USER and NATS_PASSWORD, or NATS_TOKEN, or give --nats-creds FILE',
    );
  }
  if (hostname === '' || !['', '/'].includes(pathname) || search + hash !== '') throw bad(`"${text}" is no address`);
  const server = `${hostname}:${port === '' ? DEFAULT_PORT : port}`;
  return { text: `${protocol}//${server}`, server, isEncrypted: protocol === 'tls:' };
}
