/** Why a process ended, and what could not be executed, read back from the members that JSON had. What our writer could not have put is absent. */
import { constants } from 'node:os';
import type { FailedExec } from '../attempts/walks.ts';
import { CAUSE_NAMES, type CauseName } from '../cause/causes.ts';
import type { Asked, EndCause, Sender } from '../cause/end-cause.ts';
import type { ProcessRecord } from '../process/record.ts';
import type { Text } from '../process/text.ts';
import { signalName, signalNumber } from '../process/wait-status.ts';
import type { Value } from './field.ts';

/** By the name of the field. */
export type ToldValues = Readonly<Record<string, Value>>;

const integer = (value: Value): number | undefined => (typeof value === 'number' ? value : undefined);
const texts = (value: Value): readonly Text[] | undefined =>
  Array.isArray(value) ? (value as readonly Text[]) : undefined;
const text = (value: Value): Text | undefined =>
  typeof value === 'string' || (typeof value === 'object' && 'text' in value) ? (value as Text) : undefined;

const causeIn = (value: Value): CauseName | undefined => CAUSE_NAMES.find((name) => name === value);
const codeIn = (value: Value): string | undefined =>
  typeof value === 'string' && /^[A-Z]+_[A-Z]+$/.test(value) ? value : undefined;
const addressIn = (value: Value): bigint | undefined =>
  typeof value === 'string' && /^0x[0-9a-f]{1,16}$/.test(value) ? BigInt(value) : undefined;

function signalIn(value: Value): string | undefined {
  const number = typeof value === 'string' ? signalNumber(value) : undefined;
  return number === undefined ? undefined : signalName(number);
}

/** Nobody tells the births of senders in JSON. */
const UNTOLD = { seconds: 0, nanos: 0 };

function senderIn(
  told: ToldValues,
  prefix: 'sender' | 'asked_by',
  self: number,
  isEnding: boolean,
): Sender | undefined {
  const pid = integer(told[`${prefix}_pid`]);
  if (pid === undefined) return undefined;
  return {
    pid,
    comm: text(told[`${prefix}_comm`]) ?? '',
    uid: integer(told[`${prefix}_uid`]),
    start: UNTOLD,
    isEnding,
    isItself: pid === self,
    args: texts(told[`${prefix}_args`]),
    cgroup: prefix === 'sender' && typeof told.sender_cgroup === 'string' ? told.sender_cgroup : undefined,
  };
}

function askedIn(told: ToldValues, self: number): Asked | undefined {
  const signal = signalIn(told.asked_signal);
  const before = integer(told.asked_before_s);
  if (signal === undefined || before === undefined) return undefined;
  return { signal, by: causeIn(told.asked_by), sender: senderIn(told, 'asked_by', self, false), before };
}

function outOfMemoryIn(told: ToldValues): EndCause['outOfMemory'] {
  const pid = integer(told.oom_trigger_pid);
  if (pid === undefined) return undefined;
  return { residentKib: integer(told.oom_resident_kib), trigger: { pid, comm: text(told.oom_trigger_comm) ?? '' } };
}

/** Whether the end of the sender sent the signal, which the cause implies; a hang-up by TIOCNOTTY is not the kernel's own. */
const byItsEnd = (cause: CauseName | undefined, code: string | undefined): boolean =>
  cause === 'namespace-end' || cause === 'parent-death' || (cause === 'hangup' && code === 'SI_KERNEL');

/** @param pid of the process that ended */
export function causeOfTold(told: ToldValues, pid: number): EndCause | undefined {
  const cause = causeIn(told.cause);
  const asked = askedIn(told, pid);
  if (cause === undefined && asked === undefined) return undefined;
  const code = codeIn(told.signal_code);
  return {
    cause,
    sender: senderIn(told, 'sender', pid, byItsEnd(cause, code)),
    code,
    address: addressIn(told.fault_address),
    syscall: integer(told.syscall),
    ...(told.raised_again === true && { raisedAgain: true }),
    outOfMemory: outOfMemoryIn(told),
    asked,
  };
}

const ERRNO: Readonly<Record<string, number | undefined>> = constants.errno;

function errnoIn(value: Value): number | undefined {
  if (typeof value !== 'string') return undefined;
  const [, digits] = /^errno (\d{1,4})$/.exec(value) ?? [];
  return digits === undefined ? (Object.hasOwn(ERRNO, value) ? ERRNO[value] : undefined) : Number(digits);
}

export function failedOfTold(told: ToldValues, record: ProcessRecord): FailedExec | undefined {
  const errno = errnoIn(told.error);
  if (errno === undefined) return undefined;
  const { at, pid, tid, ppid = 0, image, event } = record;
  const isOwn = event === 'exec-failed';
  const attempt = {
    at,
    pid,
    tid,
    ppid,
    start: UNTOLD,
    uid: image.uid ?? 0,
    comm: image.comm ?? '',
    errno,
    path: isOwn ? image.path : text(told.error_path),
    args: (isOwn && image.args) || [],
    hasAllArgs: told.args_incomplete !== true,
  };
  return { attempt, tried: integer(told.tried) ?? 1 };
}
