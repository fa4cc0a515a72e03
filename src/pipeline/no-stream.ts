/** What is said where events cannot be had: by one road or the other, or by neither, each in one sentence. Pure. */
import { Failure } from '../errors.ts';
import { type EventName, RING_NAMES } from '../netlink/events.ts';
import { hintFor } from '../refused.ts';

/** What lets programs run in the kernel. */
const RIGHTS = 'sudo, or CAP_BPF with CAP_PERFMON';

const limitIn = (reason: string): string | undefined => /\b(?:EMFILE|ENFILE|ENOMEM)\b/.exec(reason)?.[0];

/** Programs alone were wanted. */
export function noRing(reason: string): Failure {
  const message = `programs in the kernel cannot tell events (--source bpf): ${reason}`;
  const limit = limitIn(reason);
  if (limit !== undefined) return new Failure('unavailable', message, hintFor(limit));
  if (reason.includes('EPERM')) return new Failure('permission', message, RIGHTS);
  return new Failure('unavailable', message, 'leave --source bpf out, for the proc connector');
}

/** There is no connector, and no program either. */
export function bothRoads(absence: Failure, reason: string): Failure {
  const { exit, message, hint } = absence;
  const limit = limitIn(reason);
  const other = limit === undefined ? (reason.includes('EPERM') ? RIGHTS : undefined) : hintFor(limit);
  return new Failure(
    exit,
    `${message}; and programs in the kernel cannot take the place of the connector: ${reason}`,
    [hint, other].filter((one) => one !== undefined).join('; or, for programs in the kernel, '),
  );
}

/** @param absence why the connector cannot be had, if that was tried */
export function untold(names: readonly EventName[], absence: Failure | undefined): Failure {
  const [are, they] = names.length === 1 ? ['is', 'it'] : ['are', 'them'];
  const why =
    absence === undefined
      ? 'and not by programs in the kernel (--source bpf)'
      : `and that is not to be had here: ${absence.message}`;
  return new Failure(
    'usage',
    `--events: ${names.join(', ')} ${are} told by the proc connector alone, ${why}`,
    `leave ${they} out of --events: programs in the kernel tell ${RING_NAMES.join(', ')}`,
  );
}
