/** Every measurement, by the name that `--only` takes, in the order of the report. */
import type { Bench } from '../bench.ts';
import type { Result } from '../result.ts';
import { ownArguments } from './arguments.ts';
import { dump } from './dump.ts';
import { events } from './events.ts';
import { far } from './far.ts';
import { filters } from './filters.ts';
import { idle } from './idle.ts';
import { latency } from './latency.ts';
import { memory } from './memory.ts';
import { ownNode } from './package.ts';
import { run } from './run.ts';
import { series } from './series.ts';
import { stall } from './stall.ts';
import { start } from './start.ts';
import { timeline } from './timeline.ts';
import { usage } from './usage.ts';

export const MEASUREMENTS: Readonly<Record<string, (bench: Bench) => Promise<Result>>> = {
  events,
  filters,
  series,
  start,
  run,
  latency,
  memory,
  idle,
  stall,
  usage,
  arguments: ownArguments,
  dump,
  timeline,
  package: ownNode,
  far,
};
