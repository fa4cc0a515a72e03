/** Why the kernel would not do a step, in one sentence for people. Pure. */
import { describeErrno } from '../errors.ts';
import { UnknownLayout } from './offsets.ts';

export type Step =
  | 'create an array'
  | 'create a table'
  | 'create a ring buffer'
  | 'load the program'
  | 'attach the program'
  | 'run the program'
  | 'map memory';

/** A step towards a running program failed. */
export class Refusal extends Error {
  readonly step: Step;
  readonly errno: number;
  /** The verifier's own words, where it was the verifier. */
  readonly log: string | undefined;

  constructor(step: Step, errno: number, log?: string) {
    super(`cannot ${step}: ${describeErrno(errno)}`);
    this.name = 'Refusal';
    this.step = step;
    this.errno = errno;
    this.log = log;
  }
}

const EPERM = 1;
const EINVAL = 22;
const ENOSYS = 38;

/** What an errno of a step means more often than not; anything else is told as it is. */
const MEANING: Readonly<Partial<Record<Step, Readonly<Record<number, string>>>>> = {
  'create an array': {
    [ENOSYS]: 'this kernel has no bpf(2)',
    [EPERM]: 'needs CAP_BPF and CAP_PERFMON in the initial user namespace',
  },
  'create a ring buffer': {
    [EINVAL]: 'this kernel has no BPF ring buffer (before 5.8)',
    [EPERM]: 'over the limit of locked memory (RLIMIT_MEMLOCK, on kernels before 5.11)',
  },
  'load the program': { [EPERM]: 'needs CAP_PERFMON besides CAP_BPF' },
};

/** The verifier ends its log with statistics; what it objected to stands before. */
function objection(log: string | undefined): string | undefined {
  const lines = log
    ?.split('\n')
    .filter((line) => line !== '' && !/^(processed|verification time|stack depth) /.test(line));
  return lines?.at(-1);
}

/** One sentence without a full stop; undefined for an error that is none of these, hence a bug of ours. */
export function reasonOf(error: unknown): string | undefined {
  if (error instanceof UnknownLayout) return error.message;
  if (!(error instanceof Refusal)) return undefined;
  const meaning = MEANING[error.step]?.[error.errno] ?? objection(error.log);
  return meaning === undefined ? error.message : `${error.message}: ${meaning}`;
}

/** What `open` gives, or the reason why it cannot. Never throws for what the kernel, its types or the privileges refuse. */
export function orReason<T>(open: () => T): T | { readonly reason: string } {
  try {
    return open();
  } catch (error) {
    const reason = reasonOf(error);
    if (reason === undefined) throw error;
    return { reason };
  }
}
