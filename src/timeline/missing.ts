/** What a timeline lacks, in sentences. Nothing is left out in silence. Pure. */
import { humanDuration } from '../format/times.ts';
import type { LossReason } from '../process/record.ts';
import type { Timeline } from './life.ts';

const NANO = 1e9;
const count = (n: number): string => n.toLocaleString('en-US');

const WHAT: Partial<Record<LossReason, string>> = {
  capture: 'programs that were run',
  usage: 'accounts of what processes used',
  cause: 'signals that say why processes ended',
};

function lossSentences({ losses }: Timeline): string[] {
  const sums = new Map<LossReason, number>();
  let isStarved = false;
  for (const { reason, count: lost } of losses) {
    if (lost === undefined) isStarved = true;
    else sums.set(reason, (sums.get(reason) ?? 0) + lost);
  }
  return [
    ...[...sums].map(
      ([reason, lost]) => `${count(lost)} ${WHAT[reason] ?? 'events'} were lost (${reason}), where it is hatched.`,
    ),
    ...(isStarved
      ? ['The kernel told nothing for a while: events of unknown number are missing, where it is hatched.']
      : []),
  ];
}

function bundleSentences({ bundles, tally }: Timeline): string[] {
  const sum = bundles.reduce((all, bundle) => all + bundle.count, 0);
  if (sum === 0) return [];
  const longest = bundles.reduce((most, bundle) => Math.max(most, bundle.longest), 0);
  return [
    `Of ${count(tally.all.count)} processes the ${count(sum)} shortest, none longer than ${humanDuration(longest / NANO)}, are not drawn each on its own; they are in every sum.`,
  ];
}

export function missing(timeline: Timeline): string[] {
  const { lives, uncounted, tally } = timeline;
  const before = lives.filter(({ began, unseen }) => began === 'before' && !unseen).length;
  const inferred = lives.filter(({ ended }) => ended === 'inferred').length;
  const unaccounted = tally.all.cpu === undefined ? 0 : tally.withoutAccount;
  return [
    ...lossSentences(timeline),
    ...bundleSentences(timeline),
    ...(uncounted > 0
      ? [`${count(uncounted)} more processes were too many to be kept: only their number is known.`]
      : []),
    ...(before > 0 ? [`${plural(before, 'process', 'processes')} began before, unknown when.`] : []),
    ...(inferred > 0
      ? [`The end of ${plural(inferred, 'process was', 'processes were')} not heard: gone by the time drawn.`]
      : []),
    ...(unaccounted > 0 ? [`What ${plural(unaccounted, 'process', 'processes')} used is not known.`] : []),
  ];
}

const plural = (n: number, one: string, many: string): string => `${count(n)} ${n === 1 ? one : many}`;
