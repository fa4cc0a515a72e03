/**
 * Signals that were sent, kept until the process that they were sent to has ended: which of them it was, and whether the process was asked
 * before. Pure over what the kernel showed; bounded, however many are sent.
 *
 * A life is known by its pid and its birth. What cannot be told apart is not told.
 */
import { compareMoments, type Moment, secondsBetween } from '../process/moment.ts';
import { signalName } from '../process/wait-status.ts';
import { isProof, judge, SIGNAL, victimOf } from './decision.ts';
import { type Asked, BY_ITSELF, type EndCause, type Sender } from './end-cause.ts';
import { INFO, type SentSignal, type Victim, WHY } from './sent-signal.ts';
import { codeName } from './signal-codes.ts';

/** The end of a process whose cause is wanted. */
export interface Death {
  readonly pid: number;
  readonly at: Moment;
  /** As wait(2) gives it to the parent. */
  readonly status: number;
  /** On CLOCK_BOOTTIME; undefined where it is not known. */
  readonly birth: Moment | undefined;
}

/** The newest of one process, and processes in all: whoever sends more to itself loses the older ones. */
const EACH = 16;
const MOST = 8192;
const MOST_VICTIMS = 64;
/** A birth by its event, or in ticks, against one by the kernel's own record. No number is used again so soon. */
const BIRTH_SECONDS = 0.2;
/** Who ends by itself so long after a request, at the most, is taken to have heeded it: the grace that most managers give. */
const ASKED_SECONDS = 30;
/** A tracer that holds back what was sent may send the same itself later. */
const TRACED_SECONDS = 1;

const NUMBER_BITS = 0x7f;

interface Entry {
  readonly sent: SentSignal;
  /** Others were lost near it. */
  isDoubtful: boolean;
}

export class CauseBook {
  private readonly entries = new Map<number, Entry[]>();
  private readonly victims: Victim[] = [];

  /** How many processes something is kept of. */
  get size(): number {
    return this.entries.size;
  }

  /** Whether anything was sent to a process of this number. */
  knows(pid: number): boolean {
    return this.entries.has(pid);
  }

  take(sent: SentSignal): void {
    const { pid } = sent.target;
    const known = this.entries.get(pid);
    if (known !== undefined) {
      known.push({ sent, isDoubtful: false });
      if (known.length > EACH) known.shift();
      return;
    }
    this.entries.set(pid, [{ sent, isDoubtful: false }]);
    for (const oldest of this.entries.keys()) {
      if (this.entries.size <= MOST) break;
      this.entries.delete(oldest);
    }
  }

  mark(victim: Victim): void {
    this.victims.push(victim);
    if (this.victims.length > MOST_VICTIMS) this.victims.shift();
  }

  /** Some were lost until now: what could be another's is not told any more. */
  doubt(): void {
    for (const entries of this.entries.values()) for (const entry of entries) entry.isDoubtful = true;
  }

  /** Undefined where it is not known. To be asked once: the life is over. */
  causeOf(death: Death): EndCause | undefined {
    const number = death.status & NUMBER_BITS;
    const entries = this.entries.get(death.pid);
    if (entries === undefined) return number === 0 ? BY_ITSELF : undefined;
    const mine = this.takeLife(entries, death);
    return number === 0 ? this.byItself(mine, death) : this.bySignal(mine, number, death);
  }

  /** Those sent to this life before its end; they and all that came later are forgotten. */
  private takeLife(entries: readonly Entry[], { pid, at, birth }: Death): Entry[] {
    if (birth === undefined) {
      this.entries.delete(pid);
      return [];
    }
    const isOf = ({ sent }: Entry): boolean => Math.abs(secondsBetween(sent.target.start, birth)) < BIRTH_SECONDS;
    const later = entries.filter((entry) => !isOf(entry) && secondsBetween(birth, entry.sent.target.start) > 0);
    if (later.length > 0) this.entries.set(pid, later);
    else this.entries.delete(pid);
    return entries.filter((entry) => isOf(entry) && compareMoments(entry.sent.at, at) <= 0);
  }

  private byItself(mine: readonly Entry[], death: Death): EndCause {
    const asked = this.askedOf(mine, death);
    return asked === undefined ? BY_ITSELF : { ...BY_ITSELF, asked };
  }

  private askedOf(mine: readonly Entry[], { at }: Death): Asked | undefined {
    const request = mine.findLast(
      ({ sent, isDoubtful }) => !isDoubtful && isRequest(sent) && ASKING.has(sent.signal) && !isFromItself(sent),
    );
    if (request === undefined) return undefined;
    const before = secondsBetween(request.sent.at, at);
    if (before > ASKED_SECONDS) return undefined;
    const { cause, tellsSender } = judge(request.sent, this.victims);
    return {
      signal: signalName(request.sent.signal),
      by: cause,
      sender: tellsSender ? senderOf(request.sent) : undefined,
      before,
    };
  }

  private bySignal(mine: readonly Entry[], number: number, { at }: Death): EndCause | undefined {
    const same = mine.filter(({ sent }) => sent.signal === number);
    const last = same.findLast(({ sent }) => isProof(sent)) ?? same.findLast(mayHaveKilled);
    if (last === undefined || isUnmarked(last)) return undefined;
    const verdict = judge(last.sent, this.victims);
    const isRaised = isFromItself(last.sent) && (verdict.cause === 'signal' || verdict.cause === 'abort');
    const first = isRaised ? same.findLast((entry) => isRaisedBy(entry, last)) : undefined;
    if (first === undefined) return this.told(last.sent, at);
    return { ...this.told(first.sent, at), raisedAgain: true };
  }

  private told(sent: SentSignal, at: Moment): EndCause {
    const { cause, tellsSender } = judge(sent, this.victims);
    const victim = cause === 'out-of-memory' ? victimOf(sent, this.victims) : undefined;
    const isStale = sent.target.ptrace !== 0 && !isProof(sent) && secondsBetween(sent.at, at) > TRACED_SECONDS;
    return {
      cause,
      sender: tellsSender && !isStale ? senderOf(sent) : undefined,
      code: codeOf(sent),
      address: hasAddress(sent, cause) ? sent.address : undefined,
      syscall: cause === 'seccomp' ? sent.syscall : undefined,
      outOfMemory:
        cause === 'out-of-memory'
          ? { residentKib: victim?.residentKib, trigger: { pid: sent.sender.pid, comm: sent.sender.comm } }
          : undefined,
    };
  }
}

/** What a program may do to end in order. */
const ASKING: ReadonlySet<number> = new Set([SIGNAL.HUP, SIGNAL.INT, SIGNAL.QUIT, SIGNAL.TERM]);

const isRequest = ({ why }: SentSignal): boolean => why === WHY.handled || why === WHY.blocked;
const isFromItself = ({ sender, target }: SentSignal): boolean => sender.pid === target.pid;

function mayHaveKilled({ sent, isDoubtful }: Entry): boolean {
  if (sent.why === WHY.willKill) return !isDoubtful || sent.target.ptrace === 0;
  return sent.why === WHY.blocked && !isDoubtful;
}

/** Handled a moment before, from elsewhere: the process only passed it on to itself. */
function isRaisedBy({ sent, isDoubtful }: Entry, last: Entry): boolean {
  const before = secondsBetween(sent.at, last.sent.at);
  return !isDoubtful && isRequest(sent) && !isFromItself(sent) && before > 0 && before <= ASKED_SECONDS;
}

/** Whether it was want of memory says a mark, and that may be among what was lost. */
const isUnmarked = ({ sent, isDoubtful }: Entry): boolean =>
  isDoubtful && sent.info === INFO.kernel && sent.signal === SIGNAL.KILL;

/** The kernel tells no address where the processor gave none. */
const hasAddress = (sent: SentSignal, cause: string): boolean =>
  cause === 'memory-error' || (cause === 'fault' && codeOf(sent) !== 'SI_KERNEL');

/** As the process itself would see it. */
function codeOf({ info, signal, code }: SentSignal): string | undefined {
  if (info === INFO.told) return codeName(signal, code);
  return info === INFO.kernel ? 'SI_KERNEL' : 'SI_USER';
}

function senderOf({ sender, target }: SentSignal): Sender {
  const { pid, comm, uid, start, isEnding } = sender;
  return { pid, comm, uid, start, isEnding, isItself: pid === target.pid };
}
