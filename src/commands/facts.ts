/** Facts from programs in the kernel, as far as the plan wants them and the kernel gives them. */
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
