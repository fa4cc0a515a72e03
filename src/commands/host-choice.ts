/** `--host` and `--not-host`: what the server can select, and what we must. */
import { Failure } from '../errors.ts';
import type { Matcher } from '../process/patterns.ts';

export interface HostChoice {
  /** Whole names, if no pattern is among them. */
  readonly hosts: readonly string[] | undefined;
  readonly isWanted: (host: string) => boolean;
}

const PATTERN = /[*?[\]]/;

export async function hostChoice(options: {
  readonly host: readonly string[];
  readonly notHost: readonly string[];
}): Promise<HostChoice> {
  const { host, notHost } = options;
  const isPlain = host.length > 0 && !host.some((glob) => PATTERN.test(glob));
  const globs = [...(isPlain ? [] : host), ...notHost];
  const compile = globs.length === 0 ? undefined : (await import('../process/patterns.ts')).globMatcher;
  const matcher =
    (flag: string) =>
    (glob: string): Matcher => {
      if (compile === undefined) return (name) => name === glob;
      try {
        return compile(glob);
      } catch (error) {
        throw new Failure('usage', `${flag}: ${(error as Error).message}`);
      }
    };
  const wanted = isPlain
    ? host.map(
        (name): Matcher =>
          (other) =>
            other === name,
      )
    : host.map(matcher('--host'));
  const unwanted = notHost.map(matcher('--not-host'));
  return {
    hosts: isPlain ? host : undefined,
    isWanted: (name) =>
      (wanted.length === 0 || wanted.some((matches) => matches(name))) && !unwanted.some((matches) => matches(name)),
  };
}
