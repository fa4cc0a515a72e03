/**
 * THE table of doctor's checks: each with its name, its question, and its judgement of what was found. Pure. A check that cannot be made
 * says so; it never counts as good.
 */
import { Failure } from '../errors.ts';
import { OBSTACLES } from '../netlink/diagnose.ts';
import { RING_NAMES } from '../netlink/events.ts';
import type { Findings, Subscribed } from './findings.ts';

/** `unavailable` and `permission` are also the names of the exit codes they lead to. */
export type Verdict = 'ok' | 'degraded' | 'unavailable' | 'permission' | 'unchecked';

export interface Judgement {
  readonly verdict: Verdict;
  readonly answer: string;
  /** What to do about it; only where something is not as it should be. */
  readonly fix?: string;
}

export interface Check {
  readonly name: string;
  readonly question: string;
  readonly run: (findings: Findings) => Judgement;
}

const ok = (answer: string): Judgement => ({ verdict: 'ok', answer });
const degraded = (answer: string, fix: string): Judgement => ({ verdict: 'degraded', answer, fix });
const unavailable = (answer: string, fix: string): Judgement => ({ verdict: 'unavailable', answer, fix });
const unchecked = (answer: string): Judgement => ({ verdict: 'unchecked', answer });

/** An event takes this much of the queue, which the kernel makes twice as large as it is asked to (measured: 64 MiB hold 161,319). */
const EVENT_BYTES = 832;
export const eventsIn = (bufferBytes: number): number => Math.floor((2 * bufferBytes) / EVENT_BYTES);

/** A build on all cores makes some 10,000 events a second, and on such a machine a program may wait half a second for its turn. */
const BUSY_EVENTS = 5000;
const BUSY_BYTES = Math.ceil((BUSY_EVENTS * EVENT_BYTES) / 2);

const RIGHTS = 'sudo, or CAP_BPF with CAP_PERFMON';

const LOWEST_NODE = [20, 19] as const;

/** A check that needs a subscription. */
function whenSubscribed(judge: (subscribed: Subscribed, findings: Findings) => Judgement): Check['run'] {
  return (findings) => {
    const { subscription } = findings;
    return subscription instanceof Failure ? unchecked('there is no subscription') : judge(subscription, findings);
  };
}

/** There is no subscription, but programs in the kernel tell what they can. */
const isReplaced = ({ subscription, answers }: Findings): boolean =>
  subscription instanceof Failure && answers?.ring === 'possible';

/** A check of the place. What seems to be in the way of a subscription that works was none. */
function unlessObstructed(name: keyof typeof OBSTACLES, fine: string): Check['run'] {
  const { isThere, cause, hint } = OBSTACLES[name];
  return (findings) => {
    const { circumstances, subscription } = findings;
    if (circumstances === undefined) return unchecked('not looked for');
    if (!isThere(circumstances)) return ok(fine);
    if (!(subscription instanceof Failure)) return ok('no, but the kernel answers');
    return isReplaced(findings) ? degraded(cause, hint) : unavailable(cause, hint);
  };
}

const count = (n: number): string => n.toLocaleString('en-US');

export const CHECKS: readonly Check[] = [
  {
    name: 'node',
    question: 'Is Node.js new enough?',
    run: ({ node }) => {
      const [major, minor] = node.split('.').map(Number);
      const isNew = major > LOWEST_NODE[0] || (major === LOWEST_NODE[0] && minor >= LOWEST_NODE[1]);
      return isNew ? ok(node) : degraded(`${node} is not tested`, `install Node.js ${LOWEST_NODE.join('.')} or newer`);
    },
  },
  {
    name: 'koffi',
    question: 'Can the C library be called?',
    run: ({ koffi, subscription }) => {
      if (koffi !== undefined) return ok(`koffi ${koffi}`);
      const { message, hint } = subscription as Failure;
      return unavailable(message, hint ?? '');
    },
  },
  { name: 'kernel', question: 'Which kernel is this?', run: ({ kernelRelease }) => ok(kernelRelease) },
  {
    name: 'connector',
    question: 'Does this kernel tell of processes, in this network namespace?',
    run: unlessObstructed('connector', '/proc/net/connector lists cn_proc'),
  },
  {
    name: 'pid-namespace',
    question: 'Is this the first pid namespace?',
    run: unlessObstructed('pidNamespace', 'yes'),
  },
  {
    name: 'user-namespace',
    question: 'Is this the first user namespace?',
    run: unlessObstructed('userNamespace', 'yes'),
  },
  {
    name: 'privileges',
    question: 'May it see the programs and directories of all users?',
    run: ({ isRoot, capabilities }) => {
      const held = [...capabilities].join(', ');
      if (capabilities.has('CAP_SYS_PTRACE')) return ok(isRoot ? 'root' : `an ordinary user with ${held}`);
      return degraded(
        `${isRoot ? 'root' : 'an ordinary user'} ${held === '' ? 'without capabilities' : `with ${held}`}: exe and cwd of other users' processes stay unknown`,
        'sudo, or CAP_SYS_PTRACE',
      );
    },
  },
  {
    name: 'subscription',
    question: 'Does the kernel acknowledge a subscription?',
    run: (findings) => {
      const { subscription } = findings;
      if (!(subscription instanceof Failure)) return ok('yes');
      const { message, hint } = subscription;
      const without = subscription.exit === 'permission' ? 'permission' : 'unavailable';
      const verdict = isReplaced(findings) ? 'degraded' : without;
      return { verdict, answer: message, ...(hint !== undefined && { fix: hint }) };
    },
  },
  {
    name: 'source-bpf',
    question: 'Can programs in the kernel tell events where there is no connector (--source bpf)?',
    run: ({ answers, subscription, circumstances }) => {
      if (answers === undefined || answers.ring === 'unchecked') return unchecked('not asked');
      const isNeeded = subscription instanceof Failure;
      if (answers.ring === 'possible') {
        const pids = circumstances?.initialPidNamespace === false ? ', with the pids of the initial namespace' : '';
        const instead = isNeeded ? ', and they do so here' : '';
        return ok(`yes${instead}: ${RING_NAMES.join(', ')}${pids}`);
      }
      const answer = `no: ${answers.ring.impossible}`;
      return isNeeded ? degraded(answer, RIGHTS) : ok(`${answer}; they are not needed here`);
    },
  },
  {
    name: 'filter',
    question: 'Who drops the events that are not selected?',
    run: whenSubscribed(({ kernelFilter }) =>
      ok(
        kernelFilter
          ? 'the kernel, before they are queued (event mask, 6.6 or newer)'
          : 'a BPF program at the socket: this kernel has no event mask (6.6), which costs a little more',
      ),
    ),
  },
  {
    name: 'buffer',
    question: 'Is the queue long enough for a busy machine?',
    run: whenSubscribed(({ bufferBytes }, { queueLimit }) => {
      const limit = queueLimit === undefined ? '' : `; net.core.rmem_max is ${count(queueLimit)}`;
      const answer = `${count(bufferBytes)} bytes granted, room for ${count(eventsIn(bufferBytes))} events${limit}`;
      if (eventsIn(bufferBytes) >= BUSY_EVENTS) return ok(answer);
      return degraded(
        `${answer}: a busy machine makes ${count(BUSY_EVENTS)} while a program waits for its turn`,
        `sysctl -w net.core.rmem_max=${2 ** Math.ceil(Math.log2(BUSY_BYTES))} or more, or CAP_NET_ADMIN`,
      );
    }),
  },
  {
    name: 'listener-count',
    question: 'Does the kernel count its listeners right?',
    run: whenSubscribed(({ heartbeat, hadToRevive }) => {
      if (heartbeat === 'unchecked') return ok('cannot be asked on this kernel without changing it');
      if (heartbeat === 'heard' && !hadToRevive) return ok('yes: a second request was acknowledged');
      const answer = 'no: another program has taken listeners off that it had not added';
      if (heartbeat === 'deaf') {
        return degraded(answer, 'look for programs that use the proc connector, and end them');
      }
      return degraded(
        `${answer}; it was brought back`,
        'watch repairs it every five seconds, and says that events were lost',
      );
    }),
  },
  {
    name: 'other-listeners',
    question: 'Who else listens?',
    run: ({ otherListeners }) => {
      if (otherListeners.length === 0) return ok('nobody');
      const ports = otherListeners.map(({ port }) => port).join(', ');
      return ok(`sockets of other programs: ${otherListeners.length}, with the ports (often pids) ${ports}`);
    },
  },
  {
    name: 'hidepid',
    question: 'Does /proc show the processes of other users?',
    run: ({ hidepid, seesOthers }) => {
      if (seesOthers)
        return ok(
          hidepid === undefined
            ? 'not set: /proc shows everybody'
            : `/proc shows everybody, in spite of hidepid=${hidepid}`,
        );
      return degraded(
        `${hidepid === undefined ? 'no' : `no: it is mounted with hidepid=${hidepid}`}; their arguments stay unknown`,
        "sudo, CAP_SYS_PTRACE, or membership of the group that /proc's mount option gid= names",
      );
    },
  },
  {
    name: 'usage',
    question: 'Can it be told what processes used?',
    run: ({ answers }) => {
      if (answers === undefined) return unchecked('not asked');
      const { accounts } = answers;
      if (accounts === 'exact') return ok('yes, exactly');
      if (answers.taskstats === 'given') {
        return degraded(
          `yes, but not the CPU time since the last clock tick: ${accounts.impossible}`,
          'sudo, or CAP_BPF with CAP_PERFMON; without it CPU times are lower bounds',
        );
      }
      if (answers.taskstats === 'absent') return degraded('no', 'the kernel needs CONFIG_TASKSTATS=y');
      if (answers.taskstats === 'refused') return degraded('not to us', 'sudo, or CAP_NET_ADMIN');
      return degraded(
        'not in this network or pid namespace',
        'run procwatch on the host, or in its namespaces (--network=host --pid=host)',
      );
    },
  },
  {
    name: 'pidfd',
    question: 'Are there process descriptors?',
    run: ({ answers }) => {
      if (answers === undefined) return unchecked('not asked');
      if (answers.pidfd === 'with status') return ok('yes, and they tell the exit status of processes that are gone');
      if (answers.pidfd === 'without status') return ok('yes; the exit status of processes that are gone needs 6.15');
      return degraded('no: wait looks twice a second instead', 'kernel 5.3 or newer');
    },
  },
  {
    name: 'capture',
    question: 'Can arguments be captured inside the kernel?',
    run: ({ answers }) => {
      if (answers === undefined || answers.capture === 'unchecked') return unchecked('not asked');
      if (answers.capture === 'possible') return ok('yes');
      return degraded(
        `no: ${answers.capture.impossible}`,
        'sudo, or CAP_BPF with CAP_PERFMON; without it the arguments of processes that end at once stay unknown',
      );
    },
  },
  {
    name: 'causes',
    question: 'Can it be told why processes end, and who killed them?',
    run: ({ answers }) => {
      if (answers === undefined || answers.causes === 'unchecked') return unchecked('not asked');
      if (answers.causes === 'possible') return ok('yes');
      return degraded(
        `no: ${answers.causes.impossible}`,
        'sudo, or CAP_BPF with CAP_PERFMON; without it an end by a signal has no sender and no cause',
      );
    },
  },
];

export interface Checked extends Judgement {
  readonly name: string;
  readonly question: string;
}

export interface Diagnosis {
  readonly verdict: Exclude<Verdict, 'unchecked'>;
  readonly checks: readonly Checked[];
}

/** The subscription, or what takes its place, decides whether `watch` works at all; everything else only how well. */
export function diagnose(findings: Findings): Diagnosis {
  const checks = CHECKS.map(({ name, question, run }) => ({ name, question, ...run(findings) }));
  const { subscription } = findings;
  if (subscription instanceof Failure && !isReplaced(findings)) {
    return { verdict: subscription.exit === 'permission' ? 'permission' : 'unavailable', checks };
  }
  return {
    verdict: checks.every(({ verdict }) => verdict === 'ok' || verdict === 'unchecked') ? 'ok' : 'degraded',
    checks,
  };
}
