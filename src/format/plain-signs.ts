/**
 * Where the locale names no UTF-8, our own signs have stand-ins of ASCII, each as wide as what it stands for; what else is outside of ASCII
 * is written out. Source: locale(7), the order of LC_ALL, LC_CTYPE and LANG in setlocale(3).
 */

const STAND_INS: Readonly<Record<string, string>> = {
  '…': '~',
  '·': '-',
  '×': 'x',
  '–': '-',
  '—': '-',
  '≥': '>',
  µ: 'u',
  '’': "'",
  '├': '|',
  '└': '`',
  '─': '-',
  '│': '|',
  '▁': '_',
  '▂': '.',
  '▃': ':',
  '▄': '-',
  '▅': '=',
  '▆': '+',
  '▇': '*',
  '█': '#',
};

function writtenOut(sign: string): string {
  const code = sign.codePointAt(0) ?? 0;
  return code <= 0xffff ? `\\u${code.toString(16).padStart(4, '0')}` : `\\U${code.toString(16).padStart(8, '0')}`;
}

export function inAscii(text: string): string {
  return text.replace(/[^\0-\x7f]/gu, (sign) => STAND_INS[sign] ?? writtenOut(sign));
}

/** Nothing said is no reason to doubt: containers and services set no locale, and what shows their output knows UTF-8. */
export function isUtf8Locale(env: Readonly<Record<string, string | undefined>>): boolean {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG;
  return !locale || /utf-?8/i.test(locale);
}
