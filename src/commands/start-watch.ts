/** Prepares a watch: the plan, the names of users, the patterns; then runs it. */
import { EXIT, type ExitName, Failure } from '../errors.ts';
import type { Host, Users } from '../host/host.ts';
import type { EventStream } from '../process/event-stream.ts';
import type { Matcher } from '../process/patterns.ts';
import type { Redact } from '../process/redact.ts';
import type { Selection } from '../process/select.ts';
import { openEars } from './ears.ts';
import { flagOf, readOptions, refuseOtherSource, type Typed, WATCH_OPTIONS, type WatchOptions } from './options.ts';
import { planWatch, selectionOf } from './plan.ts';

/** From what was typed: of a recording, or live. */
export async function runWatch(host: Host, typed: Typed): Promise<ExitName> {
  refuseOtherSource(WATCH_OPTIONS, typed);
  const options = readOptions(WATCH_OPTIONS, typed);
  if (options.read.length > 0) return (await import('./replay.ts')).startReplay(host, options);
  return startWatch(host, options);
}

async function startWatch(host: Host, options: WatchOptions): Promise<ExitName> {
  const isTerminal = options.output === undefined && options.to.length === 0 && host.stdout.isTerminal;
  const plan = planWatch(options, { env: host.env, isTerminal, isRoot: host.isRoot });
  // Accounts are opened before events are heard.
  const stream = plan.extras.has('usage') ? undefined : await openEars(host, await host.listening(), plan);
  const attending = closesEarly(host, stream);
  try {
    const [kernel, { watch }] = await Promise.all([host.kernel(), import('./watch.ts')]);
    const selection = await selectionFor(kernel, options);
    const redact = await redactorFor(options.redact);
    return await watch(host, plan, kernel, { selection, redact }, { stream, attending });
  } finally {
    // Nothing happens if the watch has done it.
    attending.cancel();
    stream?.close();
  }
}

/**
 * Until the watch itself listens: whatever ends us, the kernel must not go on building events for nobody. Not for a hangup, since whether
 * nohup wants it ignored is not known yet.
 */
function closesEarly(host: Host, stream: EventStream | undefined): { cancel(): void } {
  const ends = (
    [
      ['SIGINT', 'interrupted'],
      ['SIGTERM', 'terminated'],
    ] as const
  ).map(([signal, name]) =>
    host.onSignal(signal, () => {
      stream?.close();
      host.abort(EXIT[name].code);
    }),
  );
  return {
    cancel() {
      for (const end of ends) end.cancel();
    },
  };
}

/** Instead of a pattern: what command lines usually hold that is secret. */
const SECRETS = 'secrets';

/** Takes every match of these patterns out of a text; undefined where there are none. */
export async function redactorFor(patterns: readonly string[]): Promise<Redact | undefined> {
  if (patterns.length === 0) return undefined;
  const [{ replacer }, { REDACTED, secretsRedactor }] = await Promise.all([
    import('../process/patterns.ts'),
    import('../process/secrets.ts'),
  ]);
  const redactors = await compileAll(
    'redact',
    patterns,
    async () =>
      (pattern: string): Redact =>
        pattern === SECRETS ? secretsRedactor() : replacer(pattern, REDACTED),
  );
  return {
    text: (text) => redactors.reduce((left, one) => one.text(left), text),
    args: (args) => redactors.reduce((left, one) => one.args(left), args),
  };
}

/** Who knows users by their names. */
interface Accounts {
  readonly users: Pick<Users, 'account'>;
}

/** Whom the options select: users by their names, patterns compiled. */
export async function selectionFor(kernel: Accounts, options: WatchOptions): Promise<Selection> {
  const uids = {
    wanted: await uidsOf(kernel.users, 'user', options.user),
    unwanted: await uidsOf(kernel.users, 'notUser', options.notUser),
  };
  const matchers = {
    name: { wanted: await globs('name', options.name), unwanted: await globs('notName', options.notName) },
    grep: { wanted: await regexes('grep', options.grep), unwanted: await regexes('notGrep', options.notGrep) },
    cgroup: { wanted: await globs('cgroup', options.cgroup), unwanted: await globs('notCgroup', options.notCgroup) },
    killer: {
      wanted: await pidsOrGlobs('killedBy', options.killedBy),
      unwanted: await pidsOrGlobs('notKilledBy', options.notKilledBy),
    },
  };
  return selectionOf(options, uids, matchers);
}

type Key = keyof typeof WATCH_OPTIONS;

const MOST_UID = 2 ** 32 - 2;

const uidOf = (digits: string): number | undefined => (Number(digits) <= MOST_UID ? Number(digits) : undefined);

async function uidsOf(users: Accounts['users'], key: Key, names: readonly string[]): Promise<number[]> {
  const uids: number[] = [];
  for (const name of names) {
    const uid = /^\d+$/.test(name) ? uidOf(name) : (await users.account(name))?.uid;
    if (uid === undefined) {
      throw new Failure('usage', `${flagOf(WATCH_OPTIONS[key])}: there is no user "${name}"`);
    }
    uids.push(uid);
  }
  return uids;
}

const globs = async (key: Key, texts: readonly string[]): Promise<Matcher[]> =>
  compileAll(key, texts, async () => (await import('../process/patterns.ts')).globMatcher);
async function pidsOrGlobs(key: Key, texts: readonly string[]): Promise<(number | Matcher)[]> {
  const isPid = (text: string): boolean => /^\d+$/.test(text);
  return [
    ...texts.filter(isPid).map(Number),
    ...(await globs(
      key,
      texts.filter((text) => !isPid(text)),
    )),
  ];
}
const regexes = async (key: Key, texts: readonly string[]): Promise<Matcher[]> =>
  compileAll(key, texts, async () => (await import('../process/patterns.ts')).regexMatcher);

/** Loads the pattern engine only if there is a pattern. */
async function compileAll<Compiled>(
  key: Key,
  texts: readonly string[],
  load: () => Promise<(text: string) => Compiled>,
): Promise<Compiled[]> {
  if (texts.length === 0) return [];
  const compile = await load();
  return texts.map((text) => {
    try {
      return compile(text);
    } catch (error) {
      throw new Failure('usage', `${flagOf(WATCH_OPTIONS[key])}: ${(error as Error).message}`);
    }
  });
}
