/**
 * The live picture as lines of a window: header, rows, keys. Pure: everything it shows is given. No line is wider than the window and there
 * are never more than it has; columns give way by their rank.
 */
import { type Paint, type Palette, palette } from '../format/palette.ts';
import { humanDuration } from '../format/times.ts';
import { cut, pad } from '../format/width.ts';
import type { Losses } from './census.ts';
import { type Column, columnsFor, rateInWords, sorted } from './columns.ts';
import { COUNTED, HISTORY_SECONDS_SHOWN, type Row } from './group.ts';
import type { GroupingName } from './grouping.ts';
import { sparkline } from './sparkline.ts';

export interface Scene {
  readonly by: GroupingName;
  readonly sort: string;
  readonly withUsage: boolean;
  readonly colour: boolean;
  readonly elapsedSeconds: number;
  readonly rows: readonly Row[];
  readonly total: Row;
  readonly losses: Losses;
  readonly refused: number;
  /** Of the whole machine, where it is known: births of processes and threads a second, load averages. */
  readonly birthsPerSecond: number | undefined;
  readonly load: string | undefined;
  readonly nameOf: (row: Row) => string;
}

export interface Window {
  readonly width: number;
  readonly height: number;
}

const GAP = 2;
const NAME = { least: 12, most: 32 } as const;
/** The history line comes after the columns of lower rank. */
const HISTORY_RANK = 6;
/** Title, machine, totals, heads; and the keys at the foot. */
const HEADER_LINES = 4;
const FOOTER_LINES = 1;

/** The columns that fit, and the room that is left for names. */
function layout(columns: readonly Column[], width: number) {
  const candidates = [
    ...columns.map((column) => ({ column, rank: column.rank, width: column.width })),
    { column: undefined, rank: HISTORY_RANK, width: HISTORY_SECONDS_SHOWN },
  ].sort((a, b) => a.rank - b.rank);
  const chosen = new Set<Column | undefined>();
  let room = width - NAME.least;
  for (const { column, width: needed } of candidates) {
    if (needed + GAP > room) break;
    chosen.add(column);
    room -= needed + GAP;
  }
  return {
    shown: columns.filter((column) => chosen.has(column)),
    history: chosen.has(undefined),
    nameWidth: Math.max(0, Math.min(width, NAME.most, NAME.least + Math.max(0, room))),
  };
}

interface Cell {
  readonly text: string;
  readonly paint?: Paint | undefined;
}

const plain = ({ text, paint }: Cell): string => (paint === undefined ? text : paint(text));

/** Cells one after another, cut where the window ends. */
function line(cells: readonly Cell[], width: number): string {
  let left = width;
  let out = '';
  for (const { text, paint } of cells) {
    if (left <= 0) break;
    const shown = cut(text, left);
    left -= text.length > left ? left : shown.length;
    out += plain({ text: shown, paint });
  }
  return out;
}

function lossesIn({ counted, uncounted }: Losses, refused: number): string {
  const counts = Object.entries(counted).map(([reason, count]) => `${count} ${reason}`);
  const all = [...counts, ...(uncounted ? ['unknown'] : [])];
  const lost = `lost ${all.length === 0 ? '0' : all.join(', ')}`;
  return refused === 0 ? lost : `${lost}  refused ${refused}`;
}

function header(scene: Scene, paint: Palette, width: number): string[] {
  const { total, losses, refused, birthsPerSecond, load } = scene;
  const isWell = !losses.uncounted && Object.keys(losses.counted).length === 0 && refused === 0;
  const machine = [
    ...(birthsPerSecond === undefined ? [] : [`machine: ${rateInWords(birthsPerSecond)} births/s, threads too`]),
    ...(load === undefined ? [] : [`load ${load}`]),
  ];
  const totals = COUNTED.map((what) => `${what} ${total.counts[what]} (${rateInWords(total.perSecond[what])}/s)`);
  return [
    line(
      [
        { text: 'procwatch stat', paint: paint.strong },
        { text: ` by ${scene.by}, for ${humanDuration(scene.elapsedSeconds)}  ` },
        { text: lossesIn(losses, refused), paint: isWell ? paint.dim : paint.warning },
      ],
      width,
    ),
    line([{ text: machine.join('  '), paint: paint.dim }], width),
    line([{ text: totals.join('  ') }], width),
  ];
}

function footer(scene: Scene, hidden: number, paint: Palette, width: number): string {
  const keys = columnsFor(scene.withUsage).flatMap(({ key, head }) =>
    key === undefined ? [] : [`${key} ${head.toLowerCase()}`],
  );
  const more = hidden > 0 ? `${hidden} more rows  ` : '';
  return line([{ text: `${more}q quit  sort: ${keys.join(', ')}`, paint: paint.dim }], width);
}

export function picture(scene: Scene, { width, height }: Window): string[] {
  const paint = palette(scene.colour);
  const { shown, history, nameWidth } = layout(columnsFor(scene.withUsage), width);
  const gap = ' '.repeat(GAP);
  const heads: Cell[] = [
    { text: pad(cut(scene.by.toUpperCase(), nameWidth), nameWidth, 'left'), paint: paint.dim },
    ...shown.map(({ name, head, width }) => ({
      text: gap + pad(head, width, 'right'),
      paint: name === scene.sort ? paint.strong : paint.dim,
    })),
    ...(history ? [{ text: `${gap}FORKS BY SECOND`, paint: paint.dim }] : []),
  ];
  const room = Math.max(0, height - HEADER_LINES - FOOTER_LINES);
  const rows = sorted(scene.rows, scene.sort);
  const cellsOf = (row: Row): Cell[] => [
    { text: pad(cut(scene.nameOf(row), nameWidth), nameWidth, 'left') },
    ...shown.map(({ name, cell, width }) => ({
      text: gap + pad(cut(cell(row), width), width, 'right'),
      paint: name === 'failures' && row.counts.failures > 0 ? paint.bad : undefined,
    })),
    ...(history ? [{ text: gap + sparkline(row.history.slice(-HISTORY_SECONDS_SHOWN)), paint: paint.good }] : []),
  ];
  const lines = [
    ...header(scene, paint, width),
    line(heads, width),
    ...rows.slice(0, room).map((row) => cellsOf(row).map(plain).join('')),
    footer(scene, rows.length - room, paint, width),
  ];
  return lines.slice(0, height);
}
