/** Paints the bars of the rows that can be seen. */
import type { ScaleLinear } from 'd3-scale';
import type { Arrangement } from './arrange.ts';
import type { Box } from './boxes.ts';
import { hatch } from './hatch.ts';
import { GAP, type Look } from './look.ts';
import { commandAt, isSet, type Model, nameAt } from './model.ts';
import { ThinBars } from './thin-bars.ts';

export interface View {
  readonly x: ScaleLinear<number, number>;
  readonly width: number;
  readonly height: number;
  /** The first point of the rows that is seen. */
  readonly top: number;
  readonly rowHeight: number;
}

export interface Marks {
  readonly hovered: Box | undefined;
  readonly selected: number | undefined;
  /** 1 for each life that the filter lets through; undefined without a filter. */
  readonly matches: Uint8Array | undefined;
  /** When the chain of last finishers goes through a life; undefined where it is not shown. */
  readonly chain: ReadonlyMap<number, readonly (readonly [number, number])[]> | undefined;
}

/** Narrower bars have no room for anything but their colour, and for a name. */
const WIDTH = { thin: 4, segments: 8, label: 30, mark: 16 } as const;
const CORNER = 3;
/** Shorter parts of the chain would be dots. */
const LEAST_LINK = 1.5;
const DIMMED = 0.16;
/** Between those that are drawn above each other in one bar. */
const STRAND_GAP = 1;
export const FONT = { size: 11, family: 'ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace' } as const;

export class BarPainter {
  private readonly model: Model;
  private readonly context: CanvasRenderingContext2D;
  private readonly look: Look;
  private readonly view: View;
  private readonly marks: Marks;
  private readonly letter: number;
  private readonly thin = new ThinBars();
  private readonly from: number;
  private readonly to: number;
  private readonly pointsPerMicro: number;

  constructor(model: Model, context: CanvasRenderingContext2D, look: Look, view: View, marks: Marks) {
    this.model = model;
    this.context = context;
    this.look = look;
    this.view = view;
    this.marks = marks;
    this.from = view.x.invert(0);
    this.to = view.x.invert(view.width);
    this.pointsPerMicro = view.width / (this.to - this.from);
    context.font = `${FONT.size}px ${FONT.family}`;
    context.textBaseline = 'middle';
    this.letter = context.measureText('m').width;
  }

  paint({ rows, headings }: Arrangement): void {
    const { top, height } = this.view;
    const first = Math.max(0, Math.floor(top / this.view.rowHeight));
    const last = Math.min(rows.length - 1, Math.floor((top + height) / this.view.rowHeight));
    for (let row = first; row <= last; row++) this.row(rows[row], row * this.view.rowHeight - top);
    for (const { row, text } of headings) {
      if (row >= first && row <= last) this.heading(text, row * this.view.rowHeight - top);
    }
  }

  private heading(text: string, y: number): void {
    const { context, look, view } = this;
    context.fillStyle = look.of.line;
    context.fillRect(0, y + this.view.rowHeight - 1, view.width, 1);
    context.fillStyle = look.of.ink;
    context.font = `600 ${FONT.size}px ${FONT.family}`;
    context.fillText(text, 4, y + this.view.rowHeight / 2 + 1);
    context.font = `${FONT.size}px ${FONT.family}`;
  }

  private row(boxes: readonly Box[], y: number): void {
    const { from, to } = this;
    const first = firstUntil(boxes, from);
    for (let i = first; i < boxes.length && boxes[i].from <= to; i++) {
      const box = boxes[i];
      const [left, right] = [this.at(box.from), this.at(box.to)];
      const width = Math.max(1, right - left);
      const [place] = box.lives;
      if (width < WIDTH.thin) this.thin.add(left, right, ...this.thinLook(place));
      else if (box.lives.length === 1) this.life(place, left, width, y);
      else if (box.bundle === undefined) this.folded(box, left, width, y);
      else this.bundle(box, left, width, y);
    }
    this.thin.flush(this.context, y + GAP / 2, this.view.rowHeight - GAP);
    if (this.marks.hovered === undefined && this.marks.selected === undefined) return;
    for (let i = first; i < boxes.length && boxes[i].from <= to; i++) this.outline(boxes[i], y);
  }

  /** The point of a time: a scale of d3 would be asked a hundred thousand times a frame. */
  private at(time: number): number {
    return (time - this.from) * this.pointsPerMicro;
  }

  /** Colour of a bar that is no more than that, and whether it must be seen among others. */
  private thinLook(place: number | undefined): [colour: string, isMarked: boolean] {
    const { model, look } = this;
    if (place === undefined) return [look.of.muted, false];
    if (!this.matches(place)) return [look.of.line, false];
    const isFailure = isSet(model.flags[place], 'failure');
    return [isFailure ? look.of.bad : look.colourOf(model.last[place]), isFailure];
  }

  private matches(place: number): boolean {
    return this.marks.matches === undefined || this.marks.matches[place] === 1;
  }

  private life(place: number, left: number, width: number, y: number): void {
    const { model, context, look, marks } = this;
    const isMatch = this.matches(place);
    const flags = model.flags[place];
    const colour = look.colourOf(model.last[place]);
    context.globalAlpha = isMatch ? 1 : DIMMED;
    if (isSet(flags, 'unseen')) this.hatched(left, width, y, look.of.muted, 0);
    else this.segments(place, left, width, y, colour);
    this.uncertain(flags, left, width, y);
    const links = marks.chain?.get(place);
    if (links !== undefined) this.links(links, y);
    const mark = isSet(flags, 'failure') ? this.failure(left, width, y) : 0;
    this.label(nameAt(model, place), commandAt(model, place), left, width - mark, y);
    context.globalAlpha = 1;
  }

  /** Each program in its colour; the boundary is where it was executed. */
  private segments(place: number, left: number, width: number, y: number, colour: string): void {
    const { model, context, look, view } = this;
    const [begin, end] = [model.execs[place], model.execs[place + 1]];
    this.bar(left, width, y, begin === end && !isSet(model.flags[place], 'own') ? this.faded(colour) : colour);
    if (begin === end || width < WIDTH.segments) return;
    let from = left;
    for (let i = begin; i <= end; i++) {
      const to = i === end ? left + width : view.x(model.execAt[i]);
      const program = i === begin ? model.first[place] : model.execProgram[i - 1];
      const isInherited = i === begin && !isSet(model.flags[place], 'own');
      if (i < end && to - from >= 1) {
        context.fillStyle = isInherited ? look.of.other : look.colourOf(program);
        context.fillRect(from, y + GAP / 2, to - from, this.view.rowHeight - GAP);
        context.fillStyle = look.of.paper;
        context.fillRect(to - 0.5, y + GAP / 2, 1, this.view.rowHeight - GAP);
      }
      from = to;
    }
  }

  /** Of a child that has run nothing of its own. */
  private faded(colour: string): string {
    return colour === this.look.of.other ? colour : this.look.of.other;
  }

  private bar(left: number, width: number, y: number, colour: string): void {
    const { context } = this;
    context.fillStyle = colour;
    context.beginPath();
    context.roundRect(
      left,
      y + GAP / 2,
      Math.max(1, width - 1),
      this.view.rowHeight - GAP,
      width > CORNER * 3 ? CORNER : 0,
    );
    context.fill();
  }

  private hatched(left: number, width: number, y: number, colour: string, alpha = 0): void {
    const { context } = this;
    if (alpha === 0) {
      context.fillStyle = this.look.of.line;
      context.fillRect(left, y + GAP / 2, width - 1, this.view.rowHeight - GAP);
    }
    context.fillStyle = hatch(context, colour);
    context.fillRect(left, y + GAP / 2, width - 1, this.view.rowHeight - GAP);
  }

  /** Where the beginning or the end is not known, or still to come. */
  private uncertain(flags: number, left: number, width: number, y: number): void {
    const { look, context } = this;
    const part = Math.min(width, WIDTH.mark);
    if (isSet(flags, 'before') && !isSet(flags, 'unseen')) this.hatched(left, part, y, look.of['bar-ink'], 1);
    if (isSet(flags, 'inferred')) this.hatched(left + width - part, part, y, look.of['bar-ink'], 1);
    if (!isSet(flags, 'running') || isSet(flags, 'unseen')) return;
    context.fillStyle = look.of['bar-ink'];
    const middle = y + this.view.rowHeight / 2;
    context.beginPath();
    context.moveTo(left + width - 2, middle);
    context.lineTo(left + width - 8, middle - 5);
    context.lineTo(left + width - 8, middle + 5);
    context.fill();
  }

  private links(links: readonly (readonly [number, number])[], y: number): void {
    const { context, look, view } = this;
    context.fillStyle = look.of.chain;
    for (const [from, to] of links) {
      const [left, right] = [view.x(from), view.x(to)];
      if (right - left >= LEAST_LINK) context.fillRect(left, y + view.rowHeight - GAP / 2 - 3, right - left, 3);
    }
  }

  /** A cross in a field of its own, so that it is seen without its colour. Returns the width it takes. */
  private failure(left: number, width: number, y: number): number {
    const { context, look } = this;
    const field = Math.min(width - 1, WIDTH.mark);
    const right = left + width - 1;
    context.fillStyle = look.of.bad;
    context.fillRect(right - field, y + GAP / 2, field, this.view.rowHeight - GAP);
    if (field < WIDTH.mark) return field;
    context.strokeStyle = look.of.paper;
    context.lineWidth = 2;
    const [cx, cy, arm] = [right - field / 2, y + this.view.rowHeight / 2, 3.5];
    context.beginPath();
    context.moveTo(cx - arm, cy - arm);
    context.lineTo(cx + arm, cy + arm);
    context.moveTo(cx + arm, cy - arm);
    context.lineTo(cx - arm, cy + arm);
    context.stroke();
    return field;
  }

  /** The name, and as much of the command line as there is room for. */
  private label(name: string, command: string, left: number, width: number, y: number): void {
    const { context, look, letter } = this;
    const start = Math.max(left, 0) + 5;
    const room = Math.floor((Math.min(left + width, this.view.width) - start - 6) / letter);
    if (width < WIDTH.label || room < 2) return;
    const middle = y + this.view.rowHeight / 2 + 0.5;
    context.fillStyle = look.of['bar-ink'];
    context.fillText(shortened(name, room), start, middle);
    const rest = this.telling(command, room - name.length - 1);
    if (rest === '' || room < name.length + 4) return;
    context.globalAlpha *= 0.72;
    context.fillText(shortened(rest, room - name.length - 1), start + (name.length + 1) * letter, middle);
    context.globalAlpha = 1;
  }

  /** The arguments, without options where there is no room for all. */
  private telling(command: string, room: number): string {
    const all = argumentsOf(command);
    if (all.length <= room) return all;
    return all
      .split(' ')
      .filter((word) => !word.startsWith('-'))
      .join(' ');
  }

  /** Every one of them where it was, on the ground of all of them. */
  private folded(box: Box, left: number, width: number, y: number): void {
    const { model, context, look, marks } = this;
    const flags = box.lives.reduce((all, place) => all & model.flags[place], -1);
    const isMatch = box.lives.some((place) => this.matches(place));
    context.globalAlpha = isMatch ? 0.35 : DIMMED / 2;
    if (isSet(flags, 'unseen')) this.hatched(left, width, y, look.of.muted, 0);
    else {
      const colour = look.colourOf(model.last[box.lives[0]]);
      this.bar(left, width, y, colour);
      this.strands(box, colour, y);
    }
    context.globalAlpha = 1;
    this.uncertain(flags, left, width, y);
    for (const place of marks.chain === undefined ? [] : box.lives) this.links(marks.chain?.get(place) ?? [], y);
    const text = `${nameAt(model, box.lives[0])} × ${box.lives.length.toLocaleString('en-US')}`;
    const mark = isSet(flags, 'failure') ? this.failure(left, width, y) : 0;
    this.plate(text, left, width - mark, y);
  }

  private strands({ lives, strands }: Box, colour: string, y: number): void {
    if (strands === undefined) return;
    const { model, context, view } = this;
    const height = (view.rowHeight - GAP) / strands.count;
    const gap = strands.count > 1 ? STRAND_GAP : 0;
    const until = new Float64Array(strands.count).fill(Number.NEGATIVE_INFINITY);
    context.fillStyle = colour;
    lives.forEach((place, i) => {
      const strand = strands.of[i];
      const [from, to] = [this.at(model.from[place]), this.at(model.to[place])];
      if (to < 0 || from > view.width || to < until[strand]) return;
      const start = Math.max(from, until[strand]);
      until[strand] = Math.max(to, start + 0.5);
      context.globalAlpha = this.matches(place) ? 1 : DIMMED;
      const length = to - start > WIDTH.thin ? to - start - 1 : until[strand] - start;
      context.fillRect(start, y + GAP / 2 + strand * height, length, height - gap);
    });
  }

  /** A label on a ground of its own: what is below it is not even. */
  private plate(text: string, left: number, width: number, y: number): void {
    const { context, look, letter, view } = this;
    const start = Math.max(left, 0) + 3;
    const room = Math.floor((Math.min(left + width, view.width) - start - 10) / letter);
    if (room < 4) return;
    const shown = shortened(text, room);
    context.fillStyle = look.of.paper;
    context.beginPath();
    context.roundRect(start, y + GAP / 2 + 2, shown.length * letter + 8, this.view.rowHeight - GAP - 4, CORNER);
    context.fill();
    context.fillStyle = look.of.ink;
    context.fillText(shown, start + 4, y + this.view.rowHeight / 2 + 0.5);
  }

  private bundle({ bundle }: Box, left: number, width: number, y: number): void {
    this.hatched(left, width, y, this.look.of.muted, 0);
    this.plate(`${bundle?.count.toLocaleString('en-US')} shorter ones`, left, width, y);
  }

  private outline(box: Box, y: number): void {
    const { hovered, selected } = this.marks;
    const isSelected = selected !== undefined && box.lives.includes(selected);
    if (!isSelected && box !== hovered) return;
    const { context, look, view } = this;
    const left = Math.max(-2, view.x(box.from));
    const right = Math.min(view.width + 2, view.x(box.to));
    context.strokeStyle = look.of.ink;
    context.lineWidth = isSelected ? 2 : 1;
    context.beginPath();
    context.roundRect(left, y + GAP / 2, Math.max(3, right - left - 1), this.view.rowHeight - GAP, CORNER);
    context.stroke();
  }
}

/** The first that has not ended by then. */
function firstUntil(boxes: readonly Box[], time: number): number {
  let [low, high] = [0, boxes.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (boxes[middle].to < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

const shortened = (text: string, letters: number): string =>
  text.length <= letters ? text : `${text.slice(0, Math.max(0, letters - 1))}…`;

/** A command line without its first word. */
function argumentsOf(command: string): string {
  const space = command.indexOf(' ');
  return space < 0 ? '' : command.slice(space + 1, space + 1 + 400);
}
