/** Prepares a watch: the plan, the names of users, the patterns; then runs it. */
import { type ExitName, Failure } from '../errors.ts';
import type { Host, Users } from '../host.ts';
import type { Matcher } from '../process/patterns.ts';
import type { Choice } from '../process/select.ts';
import { flagOf, WATCH_OPTIONS, type WatchOptions } from './options.ts';
import { planWatch, selectionOf } from './plan.ts';

export async function startWatch(host: Host, options: WatchOptions): Promise<ExitName> {
  const isTerminal = options.output === undefined && host.stdout.isTerminal;
  const plan = planWatch(options, { env: host.env, isTerminal });
  const [kernel, { watch }] = await Promise.all([host.kernel(), import('./watch.ts')]);
  const uids = {
    wanted: await uidsOf(kernel.users, options.user),
    unwanted: await uidsOf(kernel.users, options.notUser),
  };
  const matchers = {
    name: await matchersOf('name', options.name, options.notName),
    grep: await matchersOf('grep', options.grep, options.notGrep),
    cgroup: await matchersOf('cgroup', options.cgroup, options.notCgroup),
  };
  return watch(host, plan, kernel, selectionOf(options, uids, matchers));
}

async function uidsOf(users: Users, names: readonly string[]): Promise<number[]> {
  const uids: number[] = [];
  for (const name of names) {
    const uid = /^\d+$/.test(name) ? Number(name) : (await users.account(name))?.uid;
    if (uid === undefined) throw new Failure('usage', `--user: there is no user ${JSON.stringify(name)}`);
    uids.push(uid);
  }
  return uids;
}

/** Loads the pattern engine only if there is a pattern. */
async function matchersOf(
  kind: 'name' | 'grep' | 'cgroup',
  wanted: readonly string[],
  unwanted: readonly string[],
): Promise<Choice<Matcher>> {
  if (wanted.length + unwanted.length === 0) return { wanted: [], unwanted: [] };
  const { globMatcher, regexMatcher } = await import('../process/patterns.ts');
  const compile = (pattern: string): Matcher => {
    try {
      return kind === 'grep' ? regexMatcher(pattern) : globMatcher(pattern);
    } catch (error) {
      throw new Failure('usage', `${flagOf(WATCH_OPTIONS[kind])}: ${(error as Error).message}`);
    }
  };
  return { wanted: wanted.map(compile), unwanted: unwanted.map(compile) };
}
