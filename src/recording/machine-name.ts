/** What machines are called where several are told of: by their names, and boots of one by their order. */

const UNNAMED = '(unnamed)';
const ORDINALS = new Intl.PluralRules('en', { type: 'ordinal' });
const ENDINGS: Readonly<Record<string, string>> = { one: 'st', two: 'nd', few: 'rd', other: 'th' };

const ordinal = (n: number): string => `${n}${ENDINGS[ORDINALS.select(n)]}`;

/** @param hosts one for each boot, in their order; the same name is another boot of the same machine */
export function machineName(hosts: readonly (string | undefined)[]): (place: number) => string {
  return (place) => {
    const host = hosts[place];
    const name = host ?? UNNAMED;
    const boots = hosts.filter((other) => other === host).length;
    if (boots === 1) return name;
    const which = hosts.slice(0, place + 1).filter((other) => other === host).length;
    return `${name}, ${ordinal(which)} boot`;
  };
}
