/**
 * Why a subscription did not work, from its symptom and a few facts about where we run: each cause as a sentence with what to do
 * about it. Pure. The kernel refuses nothing in a pid or user namespace: the only symptom there is silence.
 */
import { describeErrno, Failure } from '../errors.ts';
import { hintFor } from '../refused.ts';

/** The facts a diagnosis needs. */
export interface Circumstances {
  /** /proc/net/connector lists cn_proc: only in the initial network namespace of a kernel that has the connector. */
  readonly connectorListed: boolean;
  readonly initialPidNamespace: boolean;
  readonly initialUserNamespace: boolean;
  /** /proc shows not even us. */
  readonly hidesProcesses?: boolean;
}

/** What happened instead of a subscription: the request failed, was refused, or stayed without an answer. */
export interface Symptom {
  readonly sendErrno?: number;
  readonly ackErrno?: number | undefined;
}

/** There is no connector to be had here; all else may well be. */
export class NoConnector extends Failure {}

const KERNEL_OPTION = 'CONFIG_PROC_EVENTS=y (and CONFIG_CONNECTOR=y)';

/** Errors that say nothing about the connector. */
const OF_LIMITS: Readonly<Record<number, string>> = { 12: 'ENOMEM', 23: 'ENFILE', 24: 'EMFILE' };

export function explainConnectorAbsent(errno: number): Failure {
  const limit = OF_LIMITS[errno];
  if (limit !== undefined) {
    return new Failure('unavailable', `cannot open a connector socket: ${describeErrno(errno)}`, hintFor(limit));
  }
  return new NoConnector(
    'unavailable',
    `cannot open a connector socket: ${describeErrno(errno)}`,
    `the kernel needs ${KERNEL_OPTION}; a seccomp profile may also forbid netlink sockets`,
  );
}

/** The library for calls to the kernel, or its part for this machine, is not there. */
export function explainNoNativeCode(error: Error): Failure {
  return new Failure(
    'unavailable',
    `cannot call the C library: ${error.message.split('\n')[0]}`,
    'install procwatch again, with its optional dependencies (without --omit=optional)',
  );
}

export function needsPrivilege(errno: number): Failure {
  return new NoConnector(
    'permission',
    `cannot subscribe to process events: ${describeErrno(errno)}`,
    'kernels before 6.6 want CAP_NET_ADMIN: try sudo, or run on 6.6 or newer, where no privilege is needed',
  );
}

export function explainSilence(facts: Circumstances, symptom: Symptom): Failure {
  const [cause, hint] = causeOfSilence(facts);
  return new NoConnector('unavailable', `cannot subscribe to process events: ${describe(symptom)}: ${cause}`, hint);
}

function describe({ sendErrno, ackErrno }: Symptom): string {
  if (sendErrno !== undefined) return describeErrno(sendErrno);
  if (ackErrno !== undefined) return `the kernel answered ${describeErrno(ackErrno)}`;
  return 'the kernel does not answer';
}

/** True where nothing about the place explains silence: then only the count of listeners can. */
export function isOrdinaryPlace(facts: Circumstances): boolean {
  return Object.values(OBSTACLES).every(({ isThere }) => !isThere(facts));
}

/** What about a place can be in the way, in the order in which it is: doctor asks for each, a failure names the first. */
export const OBSTACLES = {
  pidNamespace: {
    isThere: (facts: Circumstances) => !facts.initialPidNamespace,
    cause: 'this is a pid namespace of its own (a container?), whose requests the kernel ignores',
    hint: 'run procwatch on the host, or start the container with the host pid namespace (--pid=host)',
  },
  userNamespace: {
    isThere: (facts: Circumstances) => !facts.initialUserNamespace,
    cause: 'this is a user namespace of its own (a rootless container?), whose requests the kernel ignores',
    hint: 'run procwatch outside of it',
  },
  connector: {
    isThere: (facts: Circumstances) => !facts.connectorListed,
    cause: 'this is a network namespace of its own, or the kernel has no process events',
    hint: `run procwatch in the host's network namespace (--network=host); the kernel needs ${KERNEL_OPTION}`,
  },
} as const;

function causeOfSilence(facts: Circumstances): [cause: string, hint: string] {
  const obstacle = Object.values(OBSTACLES).find(({ isThere }) => isThere(facts));
  if (obstacle !== undefined) return [obstacle.cause, obstacle.hint];
  return [
    "the kernel's count of listeners seems to have been driven below zero by another program",
    'look for programs that use the proc connector, and start procwatch again once they have ended',
  ];
}
