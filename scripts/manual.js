// Writes man/procwatch.8: the prose from man/procwatch.8.in, and every list that the program has as a table (commands, options, events,
// fields, exit codes) from that table. `node scripts/manual.js` writes the page; with `--check` it only compares, and fails if
// the page is stale. It reads the sources, not dist/, so it cannot be out of date itself.
//
// A new command is one row in COMMANDS below; its options come from its own table in src/commands.
import { readFileSync, writeFileSync } from 'node:fs';
import { register } from 'tsx/esm/api';

register();
const { EXIT } = await import('../src/errors.ts');
const { GROUPS, WATCH_OPTIONS } = await import('../src/commands/options.ts');
const { FIELDS } = await import('../src/format/fields.ts');
const { REFINEMENTS, WIRE } = await import('../src/netlink/events.ts');

const TEMPLATE = new URL('../man/procwatch.8.in', import.meta.url);
const PAGE = new URL('../man/procwatch.8', import.meta.url);

/** `synopsis` is mdoc after `.Nm`; `meaning` is prose; `options` is the command's table, if it has one. */
export const COMMANDS = [
  {
    name: 'watch',
    synopsis: 'Op Cm watch\n.Op Ar options',
    meaning: 'Print process events as they happen. This is the default: the word may be left out.',
    options: WATCH_OPTIONS,
  },
  {
    name: 'events',
    synopsis: 'Cm events',
    meaning: 'Print a table of every event: its name, its bit, what it means and what its record carries.',
  },
  {
    name: 'help',
    synopsis: 'Cm help Op Ar command',
    meaning: 'Print the help of a command, as --help after it does.',
  },
];

const LINE = 78;

/** Text as mdoc shows it literally: no escape, no macro, no hyphen that could turn into a typographic one. */
function plain(text) {
  return text.replaceAll('\\', '\\e').replace(/-(?=-)|(?<=-)-|(?<=^|[\s(,])-(?=\w)/g, '\\-');
}

/** Running text: a sentence to a line, lines broken before they are too long, none taken for a macro. */
function prose(text) {
  const lines = [];
  for (const sentence of plain(text).split(/(?<=[.!?]) (?=[A-Z"])/)) {
    let line = '';
    for (const word of sentence.split(' ')) {
      if (line !== '' && line.length + 1 + word.length > LINE) {
        lines.push(line);
        line = word;
      } else line = line === '' ? word : `${line} ${word}`;
    }
    lines.push(line);
  }
  return lines.map((line) => (/^[.']/.test(line) ? `\\&${line}` : line)).join('\n');
}

/** A fragment of a table as a sentence. A first word that is a value (`auto, always`, `true:`) stays as it is typed. */
const sentence = (text) => {
  const whole = /^[a-z-]+[,:]/.test(text) ? text : text.charAt(0).toUpperCase() + text.slice(1);
  return prose(/[.!?]$/.test(whole) ? whole : `${whole}.`);
};

/** An argument of a macro line. */
const word = (text) => (/[\s"]/.test(text) ? `"${plain(text).replaceAll('"', '\\(dq')}"` : plain(text));

const tagList = (items) =>
  ['.Bl -tag -width Ds', ...items.flatMap(({ tag, body }) => [`.It ${tag}`, body]), '.El'].join('\n');

function flag({ short, long, value }) {
  const names = [...(short === undefined ? [] : [`Fl ${short}`]), `Fl \\-${long}`];
  return names.map((name) => (value === undefined ? name : `${name} Ar ${word(value)}`)).join(' , ');
}

/** `--not-x` stands beside `--x`. */
function optionItems(rows) {
  const negations = new Map(rows.filter(({ long }) => long.startsWith('not-')).map((row) => [row.long.slice(4), row]));
  return rows.flatMap((row) => {
    const positive = row.long.startsWith('not-') && rows.some(({ long }) => long === row.long.slice(4));
    if (positive) return [];
    const negation = negations.get(row.long);
    return { tag: negation ? `${flag(row)} , ${flag(negation)}` : flag(row), body: sentence(row.meaning) };
  });
}

/** A subsection for each group of a command's options; what a group says in parentheses becomes its first sentence. */
function optionSections({ name, options }) {
  return Object.entries(GROUPS).flatMap(([group, heading]) => {
    const rows = Object.values(options).filter((row) => row.group === group);
    if (rows.length === 0) return [];
    const [, title, aside] = /^(.*?)(?: \((.*)\))?$/.exec(heading);
    return [
      `.Ss ${name}: ${title.charAt(0).toLowerCase()}${title.slice(1)}`,
      ...(aside === undefined ? [] : [sentence(aside)]),
      tagList(optionItems(rows)),
    ];
  });
}

const hex = (bit) => `0x${bit.toString(16).padStart(8, '0')}`;

const eventItems = () =>
  Object.entries({ ...WIRE, ...REFINEMENTS }).map(([name, { bit, meaning, carries }]) => ({
    tag: `Cm ${name}${bit === 0 ? '' : ` Pq ${hex(bit)}`}`,
    body: `${sentence(meaning)}\n${sentence(carries.startsWith('as ') ? carries : `its record carries ${carries}`)}`,
  }));

const TYPES = { strings: 'array of strings', ancestry: 'array of objects' };

const fieldItems = () =>
  FIELDS.map(({ name, type, meaning, carriers }) => ({
    tag: `Va ${name} Pq ${TYPES[type] ?? type}`,
    body:
      carriers === 'all' ? sentence(meaning) : `${sentence(meaning)}\n${sentence(`only in ${carriers.join(' and ')}`)}`,
  }));

const exitItems = () =>
  Object.values(EXIT).map(({ code, meaning }) => ({ tag: String(code), body: sentence(meaning) }));

const PARTS = {
  synopsis: () => COMMANDS.map(({ synopsis }) => `.Nm\n.${synopsis}`).join('\n'),
  commands: () => tagList(COMMANDS.map(({ name, meaning }) => ({ tag: `Cm ${name}`, body: prose(meaning) }))),
  options: () =>
    COMMANDS.filter(({ options }) => options)
      .flatMap(optionSections)
      .join('\n'),
  events: () => tagList(eventItems()),
  fields: () => tagList(fieldItems()),
  exits: () => tagList(exitItems()),
};

export function render() {
  const warning = '.\\" Written by scripts/manual.js from man/procwatch.8.in and the tables in src. Do not edit.\n';
  return (
    warning +
    readFileSync(TEMPLATE, 'utf8').replace(/^@(\w+)@$/gm, (_, part) => {
      if (!(part in PARTS)) throw new Error(`man/procwatch.8.in: there is no part named ${part}`);
      return PARTS[part]();
    })
  );
}

if (process.argv.includes('--check')) {
  if (readFileSync(PAGE, 'utf8') !== render()) {
    console.error('man/procwatch.8 is stale: run node scripts/manual.js');
    process.exitCode = 1;
  }
} else writeFileSync(PAGE, render());
