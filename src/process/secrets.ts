/**
 * Where command lines hold secrets, as a table: in which texts, behind which flags of which programs. What follows a name like `password`
 * or `token` is one, whoever takes it. Patterns are RE2's, so that no text can make a match hang.
 */
import { regexReplacer } from './patterns.ts';
import type { Redact } from './redact.ts';

export const REDACTED = '***';

const NAME = `(?:passwo?r?d|passphrase|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|credentials?)`;
/** A value as a shell would have it: in quotes, or up to what ends a word. */
const VALUE = String.raw`(?:"[^"]*"|'[^']*'|[^\s"'&;|]+)`;

/** In any text; what stays is the first group. */
const IN_TEXT: readonly string[] = [
  // A whole argument or variable: all of it, over every line.
  `(?is)^((?:--?)?[\\w.-]*${NAME}[\\w.-]*=).*$`,
  // Within a longer one: a script after -c, a query, a header.
  `(?i)([\\w.-]*${NAME}[\\w.-]*["']?\\s*[=:]\\s*)${VALUE}`,
  `(?i)(--?[\\w-]*${NAME}[\\w-]*\\s+)${VALUE}`,
  // Basic authentication in a URL (RFC 3986, userinfo), the databases' among them.
  String.raw`(?i)([a-z][a-z0-9+.-]*://[^\s/:@]*:)[^\s/@]+`.concat('(@)'),
  `(?i)((?:proxy-)?authorization\\s*:\\s*(?:basic|bearer|digest|token|negotiate)?\\s*)[^"']+`,
  `(?i)((?:^|[\\s/])(?:mysql|mariadb)[\\w-]*\\s(?:[^|;&]*\\s)?-p)${VALUE}`,
  `(?i)((?:^|[\\s/])(?:sshpass|(?:docker|podman|buildah|skopeo)\\s+login)\\s(?:[^|;&]*\\s)?-p\\s*)${VALUE}`,
  `(?i)((?:^|[\\s/])curl\\s(?:[^|;&]*\\s)?(?:-[uU]|--(?:proxy-)?user)[\\s=]*[^\\s:"']*:)${VALUE}`,
];

/** Programs, by base name, and their flags whose value is secret: `-p`, joined or as the next argument. */
interface ProgramFlags {
  readonly programs: RegExp;
  readonly flags: readonly string[];
  /** The value is joined to the flag, or there is none: alone it asks. */
  readonly joinedOnly?: true;
  /** Only what stands behind the first of these signs is secret. */
  readonly behind?: string;
}

const OF_PROGRAMS: readonly ProgramFlags[] = [
  { programs: /^(mysql|mariadb)[\w-]*$/, flags: ['-p'], joinedOnly: true },
  { programs: /^(sshpass|docker|podman|buildah|skopeo|mongo(sh|dump|restore)?|sqlcmd)$/, flags: ['-p'] },
  { programs: /^sqlcmd$/, flags: ['-P'] },
  { programs: /^(curl|wget)$/, flags: ['-u', '--user', '-U', '--proxy-user'], behind: ':' },
  { programs: /^redis-cli$/, flags: ['-a', '--pass'] },
  { programs: /^ldap(search|modify|add|delete|passwd|whoami)$/, flags: ['-w'] },
  { programs: /^(smbclient|rpcclient|net)$/, flags: ['-U', '--user'], behind: '%' },
  { programs: /^zip$/, flags: ['-P'] },
  { programs: /^7z[ar]?$/, flags: ['-p'], joinedOnly: true },
  { programs: /^openssl$/, flags: ['-passin', '-passout', '-pass', '-k'] },
];

/** A flag of any program whose value follows; not one that only says where a secret comes from. */
const NAMED_FLAG = new RegExp(`^--?[\\w-]*${NAME}[\\w-]*$`, 'i');
const NO_VALUE = /^--?(no|ask|prompt|use|with(out)?)-|[-_](stdin|file|path|prompt|env|fd|type|name)$/i;
const LONGEST_FLAG = 64;

const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
const isNamedFlag = (arg: string): boolean => arg.length <= LONGEST_FLAG && NAMED_FLAG.test(arg) && !NO_VALUE.test(arg);

const hidden = (value: string, behind: string | undefined): string => {
  const at = behind === undefined ? 0 : value.indexOf(behind) + 1;
  return behind !== undefined && at === 0 ? value : value.slice(0, at) + REDACTED;
};

/** Arguments in which the values of secret flags are replaced. */
function byFlags(args: readonly string[]): string[] {
  const told = [...args];
  let rules: readonly ProgramFlags[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i];
    // A program may be started by another: sudo, env, sh.
    const found =
      arg.length <= 4096 && !arg.startsWith('-')
        ? OF_PROGRAMS.filter(({ programs }) => programs.test(baseName(arg)))
        : [];
    if (found.length > 0) rules = found;
    if (isNamedFlag(arg) && i + 1 < args.length) told[i + 1] = REDACTED;
    for (const { flags, joinedOnly, behind } of rules) {
      if (flags.includes(arg) && !joinedOnly && i + 1 < args.length) told[i + 1] = hidden(args[i + 1], behind);
      const joined = flags.find((flag) => arg.length > flag.length && arg.startsWith(flag) && isJoined(arg, flag));
      if (joined !== undefined) told[i] = joined + withoutValue(arg.slice(joined.length), behind);
    }
  }
  return told;
}

/** `-pVALUE` and `--user=VALUE`, not `--username`. */
const isJoined = (arg: string, flag: string): boolean => flag.length === 2 || arg[flag.length] === '=';
const withoutValue = (rest: string, behind: string | undefined): string =>
  rest.startsWith('=') ? `=${hidden(rest.slice(1), behind)}` : hidden(rest, behind);

/** What `--redact secrets` does. */
export function secretsRedactor(): Redact {
  const replacers = IN_TEXT.map((pattern) =>
    regexReplacer(pattern, pattern.endsWith('(@)') ? `$1${REDACTED}$2` : `$1${REDACTED}`),
  );
  const text = (one: string): string => replacers.reduce((left, replace) => replace(left), one);
  return { text, args: (args) => byFlags(args).map(text) };
}
