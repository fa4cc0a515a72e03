/** Facts and causes from programs in the kernel, as far as the plan wants them and the kernel gives them. */
import { Failure } from '../errors.ts';
import type { Monitor } from '../pipeline/monitor.ts';
import { hintFor } from '../refused.ts';
import type { Plan } from './plan.ts';

/** Why they are not to be had; undefined if they are. */
async function useFirst(plan: Plan, monitor: Monitor): Promise<string | undefined> {
  let reason: string | undefined = 'neither programs nor ends are heard';
  for (const facts of plan.facts) {
    reason = await monitor.useFacts(facts);
    if (reason === undefined) break;
  }
  return reason;
}

/** The same; but where they were asked for by name, their absence is a failure. */
export async function useFacts(plan: Plan, monitor: Monitor): Promise<string | undefined> {
  if (plan.argvSource === 'proc') return 'as asked for';
  const reason = await useFirst(plan, monitor);
  if (reason === undefined || plan.argvSource === 'auto') return reason;
  monitor.stop();
  const [limit] = /\b(?:EMFILE|ENFILE|ENOMEM)\b/.exec(reason) ?? [];
  if (limit !== undefined)
    throw new Failure('unavailable', `no program can run in the kernel: ${reason}`, hintFor(limit));
  throw new Failure(
    'permission',
    `no program may run in the kernel: ${reason}`,
    'leave --argv-source bpf out to read from /proc what can be read',
  );
}

type Attempts = Pick<Plan, 'attempts'>;

/** Where programs listen for execs that fail, undefined where nobody wants to know; or why they cannot. */
async function openAttempts({ attempts }: Attempts, monitor: Monitor) {
  if (attempts === 'unwanted') return { hook: undefined };
  const opened = await monitor.useAttempts(attempts);
  if ('hook' in opened) return { hook: opened.hook };
  const isForbidden = opened.reason.includes('EPERM');
  return {
    failure: new Failure(
      isForbidden ? 'permission' : 'unavailable',
      `exec-failed cannot be told: ${opened.reason}`,
      isForbidden ? 'sudo, or CAP_BPF with CAP_PERFMON' : 'leave exec-failed out',
    ),
  };
}

/** Where they listen; that they cannot is a failure. */
export async function useAttempts(plan: Attempts, monitor: Monitor) {
  const opened = await openAttempts(plan, monitor);
  if (opened.failure === undefined) return opened.hook;
  monitor.stop();
  throw opened.failure;
}

/** Why they cannot listen; undefined where they do, or nobody wants to know. */
export async function attemptsRefused(plan: Attempts, monitor: Monitor): Promise<Failure | undefined> {
  const opened = await openAttempts(plan, monitor);
  return opened.failure;
}

/** Why the causes of ends are not told although they would be shown; undefined if they are, or nobody wants them. */
export async function useCauses({ explains }: Pick<Plan, 'explains'>, monitor: Monitor): Promise<string | undefined> {
  if (explains === 'unwanted') return undefined;
  const reason = await monitor.useCauses();
  if (reason === undefined || explains === 'shown') return reason;
  monitor.stop();
  throw new Failure('permission', `nobody tells why processes end: ${reason}`, 'sudo, or CAP_BPF with CAP_PERFMON');
}

/** What programs in the kernel give, and why something is not had. */
export interface Programs {
  readonly noFacts: string | undefined;
  readonly noCauses: string | undefined;
  readonly hook: Awaited<ReturnType<typeof useAttempts>>;
}

/** All that the plan wants of them. */
export const usePrograms = async (plan: Plan, monitor: Monitor): Promise<Programs> => ({
  noFacts: await useFacts(plan, monitor),
  noCauses: await useCauses(plan, monitor),
  hook: await useAttempts(plan, monitor),
});
