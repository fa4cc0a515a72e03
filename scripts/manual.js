// Writes man/procwatch.8: the prose from man/procwatch.8.in, and every list that the program has as a table (commands, options, events,
// fields, exit codes) from that table. `node scripts/manual.js` writes the page; with `--check` it only compares, and fails if
// the page is stale. It reads the sources, not dist/, so it cannot be out of date itself.
//
// A new command is a row in src/commands/commands.ts; the page has it, and its options, from there.
import { readFileSync, writeFileSync } from 'node:fs';
import { register } from 'tsx/esm/api';

register();
const { EXIT } = await import('../src/errors.ts');
const { COMMANDS, DEFAULT_COMMAND } = await import('../src/commands/commands.ts');
const { GROUPS } = await import('../src/commands/options.ts');
const { CAUSES } = await import('../src/cause/causes.ts');
const { FIELDS } = await import('../src/format/fields.ts');
const { GROUP_NAMES, TASK_FIELDS } = await import('../src/ps/fields.ts');
const { FROM_PROGRAMS, REFINEMENTS, RING_NAMES, WIRE } = await import('../src/netlink/events.ts');

const TEMPLATE = new URL('../man/procwatch.8.in', import.meta.url);
const PAGE = new URL('../man/procwatch.8', import.meta.url);

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

/** A subsection for each group of a command's own options; what a group says in parentheses is about its --not- forms. */
function groupSections(name, rows) {
  return Object.entries(GROUPS).flatMap(([group, heading]) => {
    const members = rows.filter((row) => row.group === group);
    if (members.length === 0) return [];
    const [, title, aside] = /^(.*?)(?: \((.*)\))?$/.exec(heading);
    const isNegatable = members.some(({ long }) => long.startsWith('not-'));
    return [
      `.Ss ${name}: ${title.charAt(0).toLowerCase()}${title.slice(1)}`,
      ...(aside !== undefined && isNegatable ? [sentence(aside)] : []),
      tagList(optionItems(members)),
    ];
  });
}

/** Each option is explained with the first command that has it; others that have the very same row refer to that one. */
function optionSections() {
  const owners = new Map();
  return Object.entries(COMMANDS).flatMap(([name, { options }]) => {
    const rows = Object.values(options);
    const own = rows.filter((row) => !owners.has(row));
    const shared = rows.filter((row) => owners.has(row));
    for (const row of own) owners.set(row, name);
    const sections = groupSections(name, own);
    if (shared.length === 0) return sections;
    const from = [...new Set(shared.map((row) => owners.get(row)))].join(' and ');
    return [
      ...sections,
      `.Ss ${name}: as for ${from}`,
      '.Bl -tag -width Ds -compact',
      ...shared.map((row) => `.It ${flag(row)}`),
      '.El',
    ];
  });
}

const hex = (bit) => `0x${bit.toString(16).padStart(8, '0')}`;

const eventItems = () =>
  Object.entries({ ...WIRE, ...REFINEMENTS, ...FROM_PROGRAMS }).map(([name, { bit = 0, meaning, carries }]) => ({
    tag: `Cm ${name}${bit === 0 ? '' : ` Pq ${hex(bit)}`}`,
    body: `${sentence(meaning)}\n${sentence(carries.startsWith('as ') ? carries : `its record carries ${carries}`)}`,
  }));

const causeItems = () =>
  Object.entries(CAUSES).map(([name, { meaning, toldBy, carries }]) => ({
    tag: `Cm ${name}`,
    body: [meaning, `told by ${toldBy}`, `it carries ${carries}`].map(sentence).join('\n'),
  }));

const TYPES = { strings: 'array of strings', ancestry: 'array of objects' };

const fieldItems = () =>
  FIELDS.map(({ name, type, meaning, carriers }) => ({
    tag: `Va ${name} Pq ${TYPES[type] ?? type}`,
    body:
      carriers === 'all' ? sentence(meaning) : `${sentence(meaning)}\n${sentence(`only in ${carriers.join(' and ')}`)}`,
  }));

/** The fields of ps, a group after the other; those that mean the same in watch are told again, since what they stand for differs. */
const taskItems = () =>
  GROUP_NAMES.flatMap((group) => TASK_FIELDS.filter((field) => field.group === group)).map(
    ({ name, type, meaning, group }) => ({
      tag: `Va ${name} Pq ${TYPES[type] ?? type}`,
      body: `${sentence(meaning)}\n${sentence(`group ${group}`)}`,
    }),
  );

const exitItems = () =>
  Object.values(EXIT)
    .sort((a, b) => a.code - b.code)
    .map(({ code, meaning }) => ({ tag: String(code), body: sentence(meaning) }));

/** `COMMAND [ARG...]` as mdoc, a line each. */
const operandLines = (operands = '') =>
  operands
    .split(' ')
    .filter((operand) => operand !== '')
    .map((operand) => {
      const [, name, more] = /^\[?(\w+)(\.\.\.)?\]?$/.exec(operand);
      return `.${operand.startsWith('[') ? 'Op ' : ''}Ar ${name}${more === undefined ? '' : ' ...'}`;
    });

const synopsis = ([name, { options, operands }]) => [
  '.Nm',
  name === DEFAULT_COMMAND ? `.Op Cm ${name}` : `.Cm ${name}`,
  ...(Object.keys(options).length === 0 ? [] : ['.Op Ar options']),
  ...operandLines(operands),
];

const PARTS = {
  synopsis: () => Object.entries(COMMANDS).flatMap(synopsis).join('\n'),
  commands: () =>
    tagList(Object.entries(COMMANDS).map(([name, { meaning }]) => ({ tag: `Cm ${name}`, body: sentence(meaning) }))),
  options: () => optionSections().join('\n'),
  events: () => tagList(eventItems()),
  ring: () => sentence(`They tell ${RING_NAMES.join(', ')}`),
  causes: () => tagList(causeItems()),
  fields: () => tagList(fieldItems()),
  tasks: () => tagList(taskItems()),
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
