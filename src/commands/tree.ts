/** `procwatch tree`: processes of a recording as they ran, drawn as `run` draws those of its command. */
import { type ExitName, Failure } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { Replay } from '../recording/replay.ts';
import { withFar } from './far-input.ts';
import { readOptions, type ValuesOf, WATCH_OPTIONS } from './options.ts';
import { onUnwritten, openOutput } from './output.ts';
import { colourFor } from './plan.ts';
import { hostsIn, openRecordings, windowFor } from './recordings.ts';
import { endOfReading, NO_USERS, revisionsFor, usersIn } from './replay.ts';
import { selectionFor } from './start-watch.ts';
import type { TREE_OPTIONS } from './tree-options.ts';
import { Trees } from './trees.ts';

type TreeOptions = ValuesOf<typeof TREE_OPTIONS>;

export async function startTree(host: Host, options: TreeOptions): Promise<ExitName> {
  if (options.read.length === 0) throw new Failure('usage', 'no recording to draw', 'procwatch tree --read FILE');
  const { numbers, names } = usersIn(options);
  const asked = { ...readOptions(WATCH_OPTIONS, {}), ...options, ...numbers };
  const { pid, tree, name, grep, user, cgroup } = options;
  const request = await withFar(host, { ...options, follow: false }, options);
  const window = await windowFor(host, request);
  const replay = new Replay({
    selection: await selectionFor(NO_USERS, asked),
    users: names,
    shows: () => true,
    ...window,
    wantsAncestry: false,
    revise: await revisionsFor(options),
  });
  const reading = { usage: 'without usage', isWhole: replay.needsFamily } as const;
  const { batches, recordings } = await openRecordings(host, request, window, reading);
  const isAsked = [pid, tree, name, grep, user, cgroup].some((choice) => choice.length > 0);
  const trees = new Trees(await hostsIn(host, request));
  let lost = 0;
  for await (const batch of batches) {
    for (const { record, isChosen } of replay.judgeAll(batch)) {
      const lives = trees.of(record.told);
      // Who was there before is drawn where somebody asked for certain processes, and not with all that ever was.
      const isDrawn = isChosen && (isAsked || record.event !== 'alive');
      if ('pid' in record) lives.add(record, isDrawn ? 'chosen' : 'other');
      else if (record.event === 'lost') lost += record.count ?? 1;
    }
  }
  const isTerminal = options.output === undefined && host.stdout.isTerminal;
  const output = options.output === undefined ? host.stdout : openOutput(host, options.output);
  let isWritten = true;
  onUnwritten(host, output, (as) => {
    if (as === 'output') isWritten = false;
  });
  const colour = colourFor(options.color, { env: host.env, isTerminal });
  output.write(trees.render({ colour, width: isTerminal ? output.size()?.width : undefined }));
  if (lost > 0) host.stderr.write('procwatch: events were lost: processes may be missing above\n');
  await output.flushed();
  return isWritten ? endOfReading(recordings, options.strict) : 'output';
}
