/** Every measurement, by the name that `--only` takes, in the order of the report: first the loads that people have. */
import type { Bench } from '../bench.ts';
import type { Result } from '../result.ts';
import { causes } from './causes.ts';
import { dump } from './dump.ts';
import { events } from './events.ts';
import { failures } from './failures.ts';
import { far } from './far.ts';
import { idle } from './idle.ts';
import { latency } from './latency.ts';
import { commands, manyCommands, processes } from './loads.ts';
import { memory } from './memory.ts';
import { paced20, paced200, paced1000 } from './paced.ts';
import { ownNode } from './package.ts';
import { places } from './places.ts';
import { recordings } from './recordings.ts';
import { run } from './run.ts';
import { series } from './series.ts';
import { stall } from './stall.ts';
import { start } from './start.ts';
import { timeline } from './timeline.ts';
import { usage } from './usage.ts';
import { whole } from './whole.ts';

export const MEASUREMENTS: Readonly<Record<string, (bench: Bench) => Promise<Result>>> = {
  processes,
  commands,
  'many-commands': manyCommands,
  'paced-20': paced20,
  'paced-200': paced200,
  'paced-1000': paced1000,
  whole,
  failures,
  places,
  start,
  dump,
  memory,
  run,
  latency,
  idle,
  stall,
  usage,
  series,
  timeline,
  recordings,
  causes,
  package: ownNode,
  far,
  events,
};
