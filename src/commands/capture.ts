/** Arguments of every exec from inside the kernel, as far as the plan wants them and the kernel gives them. */
import { Failure } from '../errors.ts';
import type { Monitor } from '../pipeline/monitor.ts';
import type { Plan } from './plan.ts';

/** Why arguments are not captured in the kernel; undefined if they are. */
export async function captureFor(plan: Plan, monitor: Monitor): Promise<string | undefined> {
  if (plan.argvSource === 'proc') return 'as asked for';
  const reason = await monitor.captureImages(plan);
  if (reason === undefined || plan.argvSource === 'auto') return reason;
  monitor.stop();
  throw new Failure(
    'permission',
    `arguments cannot be captured in the kernel: ${reason}`,
    'leave --argv-source bpf out to read them from /proc',
  );
}
