/** All that is known of one process, or of several that are drawn as one. */
import { kibInWords } from '../../format/usage-in-words.ts';
import type { Box } from './boxes.ts';
import { button, element } from './element.ts';
import { commandAt, isSet, type Model, nameAt, textOf } from './model.ts';
import { duration } from './times.ts';

const KIB = 1024;

export interface DetailsActions {
  close(): void;
  zoomTo(from: number, to: number): void;
  choose(place: number): void;
  unfold(key: string): void;
}

type Fact = readonly [label: string, value: string | Node];

const bytes = (value: number): string => (value < KIB ? `${value} bytes` : kibInWords(value / KIB));
const known = (value: number, text: (value: number) => string): string => (value < 0 ? '' : text(value));

function processLink(model: Model, place: number, choose: (place: number) => void): Node {
  const pid = model.pid[place] === 0 ? '' : ` (${model.pid[place]})`;
  const link = button(nameAt(model, place) + pid, 'show this process', () => choose(place));
  link.className = 'link';
  return link;
}

function beginning(model: Model, place: number): string {
  if (isSet(model.flags[place], 'before')) return 'before the recording, unknown when';
  return model.from[place] < 0
    ? `${duration(-model.from[place])} before the recording`
    : `+${duration(model.from[place])}`;
}

function cpu(model: Model, place: number): string {
  const micros = model.data.lives.cpu[place];
  if (micros < 0) return '';
  const wall = model.to[place] - model.from[place];
  const share = wall > 0 ? `, ${Math.round((micros / wall) * 100)} % of a CPU` : '';
  return `${isSet(model.flags[place], 'cpuIsLowerBound') ? '≥' : ''}${duration(micros)}${share}`;
}

/** What it ran before, where that was more than one program. */
function programs(model: Model, place: number): Fact[] {
  const { execs, execAt, execProgram, first, from } = model;
  const rows: Fact[] = [];
  if (execs[place + 1] - execs[place] + (isSet(model.flags[place], 'own') ? 1 : 0) < 2) return rows;
  if (isSet(model.flags[place], 'own'))
    rows.push([`from +${duration(from[place])}`, textOf(model, 'command', first[place])]);
  for (let i = execs[place]; i < execs[place + 1]; i++) {
    rows.push([`from +${duration(execAt[i])}`, textOf(model, 'command', execProgram[i])]);
  }
  return rows;
}

function parentOf(model: Model, place: number, choose: (place: number) => void): string | Node {
  const parent = model.parent[place];
  if (parent >= 0) return processLink(model, parent, choose);
  const ppid = model.data.lives.ppid[place];
  return ppid === 0 ? '' : String(ppid);
}

function factsOf(model: Model, place: number, choose: (place: number) => void): Fact[] {
  const { lives, outcomes } = model.data;
  const program = model.last[place];
  const to = isSet(model.flags[place], 'running') ? '' : `+${duration(model.to[place])}`;
  return [
    ['end', outcomes[lives.outcome[place]]],
    ['wall time', duration(model.to[place] - model.from[place])],
    ['CPU time', cpu(model, place)],
    ['peak memory', known(lives.rss[place], kibInWords)],
    ['read', known(lives.read[place], bytes)],
    ['written', known(lives.written[place], bytes)],
    ['began', beginning(model, place)],
    ['ended', to],
    ['pid', model.pid[place] === 0 ? '' : String(model.pid[place])],
    ['parent', parentOf(model, place, choose)],
    ['user', textOf(model, 'user', program)],
    ['directory', textOf(model, 'cwd', program)],
    ['program', textOf(model, 'exe', program)],
    ...programs(model, place),
  ];
}

/** With the cause where it is the same for all of them, as in the drawn tree. */
function endOfEach({ data: { ends, outcomes, lives } }: Model, places: readonly number[]): string {
  const [first] = places;
  const isSame = places.every((place) => outcomes[lives.outcome[place]] === outcomes[lives.outcome[first]]);
  return (isSame ? outcomes : ends)[lives.outcome[first]];
}

function list(facts: readonly Fact[]): HTMLElement {
  const rows = facts
    .filter(([, value]) => value !== '')
    .flatMap(([label, value]) => [element('dt', {}, label), element('dd', {}, value)]);
  return element('dl', {}, ...rows);
}

export class Details {
  readonly root = element('aside', { class: 'details', hidden: true, 'aria-label': 'Details' });
  private readonly model: Model;
  private readonly actions: DetailsActions;

  constructor(model: Model, actions: DetailsActions) {
    this.model = model;
    this.actions = actions;
  }

  hide(): void {
    this.root.hidden = true;
  }

  private present(title: string, from: number, to: number, ...content: readonly Node[]): void {
    const close = button('×', 'close (Esc)', () => this.actions.close());
    close.className = 'close';
    const zoom = button('zoom to it', 'zoom to it (Enter)', () => this.actions.zoomTo(from, to));
    this.root.replaceChildren(element('h2', {}, title), close, ...content, element('p', { class: 'actions' }, zoom));
    this.root.hidden = false;
  }

  life(place: number): void {
    const { model } = this;
    const command = element('pre', { class: 'command' }, commandAt(model, place));
    const facts = list(factsOf(model, place, (other) => this.actions.choose(other)));
    const title = isSet(model.flags[place], 'failure') ? `✕ ${nameAt(model, place)}` : nameAt(model, place);
    this.present(title, model.from[place], model.to[place], command, facts);
  }

  /** Several that are alike, or a bundle of short ones. */
  group(box: Box): void {
    const { model } = this;
    if (box.bundle !== undefined) return this.bundle(box);
    const [first] = box.lives;
    const lengths = box.lives.map((place) => model.to[place] - model.from[place]);
    const sum = lengths.reduce((all, length) => all + length, 0);
    const longest = lengths.reduce((most, length, i) => (length > lengths[most] ? i : most), 0);
    const facts = list([
      ['alike', `${box.lives.length.toLocaleString('en-US')} processes`],
      ['end of each', endOfEach(model, box.lives)],
      [
        'wall time',
        `${duration(lengths.reduce((a, b) => Math.min(a, b)))} to ${duration(lengths.reduce((a, b) => Math.max(a, b)))}`,
      ],
      ['in sum', duration(sum)],
      ['first', processLink(model, first, (place) => this.actions.choose(place))],
      ['longest', processLink(model, box.lives[longest], (place) => this.actions.choose(place))],
    ]);
    const command = element('pre', { class: 'command' }, commandAt(model, first));
    const { foldKey } = box;
    const unfold =
      foldKey === undefined ? [] : [button('unfold', 'draw each of them', () => this.actions.unfold(foldKey))];
    this.present(
      `${nameAt(model, first)} × ${box.lives.length.toLocaleString('en-US')}`,
      box.from,
      box.to,
      command,
      facts,
      ...unfold,
    );
  }

  private bundle({ bundle, from, to }: Box): void {
    if (bundle === undefined) return;
    const facts = list([
      ['processes', bundle.count.toLocaleString('en-US')],
      ['the longest', bundle.longest],
      ['failures', bundle.failures.toLocaleString('en-US')],
    ]);
    const why = element('p', {}, 'They were too many to be kept each on its own. They are in every sum.');
    this.present(`${bundle.count.toLocaleString('en-US')} shorter ones`, from, to, why, facts);
  }
}
