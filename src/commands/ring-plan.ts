/** What programs in the kernel are to tell where they take the connector's place. Pure. */
import { type EventName, isInRing } from '../netlink/events.ts';
import type { Hearing } from '../netlink/filter.ts';
import type { FactPlan } from '../pipeline/monitor.ts';
import type { RingPlan } from '../pipeline/subscribing.ts';
import type { WatchOptions } from './options.ts';

/** Some 30,000 execs of usual length, or 100,000 births and ends: more than half a second of a busy machine. */
const RING_BYTES = 8 * 2 ** 20;
/** Of one that is asked for: a power of two that any page size divides, and no more than a machine can spare. */
const SIZES = { least: 64 * 1024, most: 512 * 2 ** 20 } as const;

export function ringBytesFor(asked: number | undefined): number {
  if (asked === undefined) return RING_BYTES;
  return 2 ** Math.ceil(Math.log2(Math.min(Math.max(asked, SIZES.least), SIZES.most)));
}

interface Heard {
  /** Of the connector, if nothing else is told. */
  readonly hearing: Hearing;
  /** What programs tell beside it. */
  readonly facts: readonly FactPlan[];
}

const NOTHING = { execs: false, ends: 'none', onlyFailures: false } as const;

export function ringPlanFor(
  events: readonly EventName[],
  { hearing, facts }: Heard,
  { threads, buffer, noArgs, argvSource }: WatchOptions,
): RingPlan {
  const beside: readonly FactPlan[] = facts.length > 0 ? facts : [{ wishes: { ...NOTHING, births: false }, hearing }];
  const ofThreads = threads || events.includes('clone');
  return {
    plans: beside.map(({ wishes, hearing: heard }) => ({
      wishes: { ...wishes, births: heard.scopes.has('fork'), ...(ofThreads && { threads: true }) },
      hearing: heard,
    })),
    ringBytes: ringBytesFor(buffer),
    args: noArgs ? 'without' : 'with',
    untold: events.filter((name) => !isInRing(name)),
    unwanted: argvSource === 'proc' ? '--argv-source proc asks for no program in the kernel' : undefined,
  };
}
