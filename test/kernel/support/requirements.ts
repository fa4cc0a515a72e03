/**
 * What a test on the real kernel needs, and the one place that decides what its absence means: the test is skipped with the reason, or
 * fails with it where PROCWATCH_REQUIRE_KERNEL=1 promises a machine that has everything.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { killLeftovers } from './leftovers.ts';

function firstLine(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}

const runs = (command: string, ...args: string[]): boolean => spawnSync(command, args).status === 0;

/** Each answers with the reason why the machine has not got it, or with nothing. */
const LACKS = {
  connector: () => {
    if (!firstLine(() => readFileSync('/proc/net/connector', 'latin1')).includes('cn_proc')) {
      return 'no proc connector here (/proc/net/connector does not list cn_proc)';
    }
    if (firstLine(() => readlinkSync('/proc/self/ns/pid')) !== 'pid:[4026531836]')
      return 'not in the initial pid namespace';
    if (firstLine(() => readlinkSync('/proc/self/ns/user')) !== 'user:[4026531837]') {
      return 'not in the initial user namespace';
    }
  },
  compiler: () => (runs('gcc', '--version') ? undefined : 'no C compiler (gcc)'),
  tmux: () => (runs('tmux', '-V') ? undefined : 'no terminal multiplexer (tmux)'),
  root: () => (process.getuid?.() === 0 ? undefined : 'not root'),
  unshare: () =>
    runs('unshare', '--fork', '--pid', '--net', 'true') ? undefined : 'unshare cannot make namespaces here',
} satisfies Record<string, () => string | undefined>;

export type Requirement = keyof typeof LACKS;

const answers = new Map<Requirement, string | undefined>();

function lacking(requirement: Requirement): string | undefined {
  if (!answers.has(requirement)) answers.set(requirement, LACKS[requirement]());
  return answers.get(requirement);
}

const MUST_RUN = process.env.PROCWATCH_REQUIRE_KERNEL === '1';

/** Against hanging for ever, not a measure of anything. */
const TIMEOUT_MS = process.env.PROCWATCH_LONG === '1' ? 3_600_000 : 180_000;

/** A test on the real kernel. */
export function kernelTest(name: string, needs: readonly Requirement[], body: (t: TestContext) => Promise<void>): void {
  const reason = needs.map(lacking).find((why) => why !== undefined);
  if (reason === undefined) test(name, { timeout: TIMEOUT_MS }, (t) => body(t).finally(killLeftovers));
  else if (MUST_RUN) {
    test(name, () => {
      throw new Error(`PROCWATCH_REQUIRE_KERNEL=1, but: ${reason}`);
    });
  } else test(name, { skip: reason }, () => {});
}
