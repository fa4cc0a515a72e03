/** What hearing of events needs of the system, and nothing else: it is loaded first, so that as little as possible is missed of the start. */
import { readFileSync } from 'node:fs';
import { isInitial } from '../linux/namespaces.ts';
import type { Circumstances } from '../netlink/diagnose.ts';
import type { Listening } from './host.ts';
import { openConnector } from './netlink-socket.ts';

function connectorListed(): boolean {
  try {
    return readFileSync('/proc/net/connector', 'latin1').includes('cn_proc');
  } catch {
    return false;
  }
}

function circumstances(): Circumstances {
  return {
    connectorListed: connectorListed(),
    initialPidNamespace: isInitial('pid'),
    initialUserNamespace: isInitial('user'),
  };
}

export const listening: Listening = { openConnector, circumstances };
