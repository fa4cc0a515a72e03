/** Paced: so many commands each second, as a quiet machine, a busy one and a build have them. */
import type { Bench } from '../bench.ts';
import { contest } from '../contest.ts';
import type { Result } from '../result.ts';

/** What is compiled already is given less of a warm-up. */
const WARM_SOONER = 5;

const WHY =
  'each window wakes code whose caches have grown cold. By the profile two fifths of it write JSON, a fifth collects garbage, a fifth follows the events, and the rest reads the socket and the ring.';

function paced(bench: Bench, perSecond: number, limit: number): Promise<Result> {
  const { steadyMs, warmMs } = bench.scale;
  const count = (ms: number) => Math.ceil((ms / 1000) * perSecond);
  const load = (ms: number) => bench.load('execs', count(ms), 1, 0, perSecond);
  const made = count(steadyMs);
  return contest(bench, {
    name: `paced-${perSecond}`,
    text: `${perSecond.toLocaleString('en-US')} commands a second`,
    what: `For ${steadyMs / 1000} s, after procwatch has been told of as many for ${warmMs / 1000} s and the others for ${warmMs / WARM_SOONER / 1000} s. "Events told" has those of that time too.`,
    made: { fork: made, exec: made, exit: made },
    warmUp: ({ runtime }) => load(runtime === 'Node.js' ? warmMs : warmMs / WARM_SOONER),
    run: () => load(steadyMs),
    cost: { column: 'CPU ms a second', of: ({ cpuMs, seconds }) => cpuMs / seconds },
    aim: { aim: 3, limit, why: WHY },
  });
}

export const paced20 = (bench: Bench): Promise<Result> => paced(bench, 20, 1.5);
export const paced200 = (bench: Bench): Promise<Result> => paced(bench, 200, 0.5);
export const paced1000 = (bench: Bench): Promise<Result> => paced(bench, 1000, 0.3);
