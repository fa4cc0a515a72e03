/** Paints the strip above the bars: how many processes ran and how much CPU was used, against the CPUs there are. */
import type { ScaleLinear } from 'd3-scale';
import { Integral, type Load } from '../load.ts';
import { hatch } from './hatch.ts';
import type { Look } from './look.ts';

export const STRIP_HEIGHT = 72;
/** Room for the words above the highest value. */
const HEADROOM = 16;

export interface StripSeries {
  readonly running: Integral;
  /** Undefined where no account is there. */
  readonly used: Integral | undefined;
  readonly cpus: number | undefined;
}

export function stripSeries(load: Load, cpus: number | undefined, hasAccounts: boolean): StripSeries {
  return {
    running: new Integral(load.times, load.running),
    used: hasAccounts ? new Integral(load.times, load.cpu) : undefined,
    cpus,
  };
}

/** The average of each point of the width. */
function sampled(series: Integral, x: ScaleLinear<number, number>, width: number): Float64Array {
  const samples = new Float64Array(width);
  let from = x.invert(0);
  for (let i = 0; i < width; i++) {
    const to = x.invert(i + 1);
    samples[i] = series.average(from, to);
    from = to;
  }
  return samples;
}

export function paintStrip(
  context: CanvasRenderingContext2D,
  look: Look,
  series: StripSeries,
  x: ScaleLinear<number, number>,
  width: number,
): void {
  const { running, used, cpus } = series;
  const samples = sampled(running, x, Math.ceil(width));
  const usedSamples = used && sampled(used, x, Math.ceil(width));
  const most = Math.max(1, cpus ?? 0, highest(samples), usedSamples === undefined ? 0 : highest(usedSamples));
  const y = (value: number): number => STRIP_HEIGHT - (value / most) * (STRIP_HEIGHT - HEADROOM);
  context.fillStyle = look.of.running;
  context.beginPath();
  context.moveTo(0, STRIP_HEIGHT);
  samples.forEach((value, i) => {
    context.lineTo(i, y(value));
    context.lineTo(i + 1, y(value));
  });
  context.lineTo(width, STRIP_HEIGHT);
  context.fill();
  if (usedSamples !== undefined) line(context, look.of.used, usedSamples.map(y));
  if (cpus !== undefined) level(context, look, cpus, y(cpus), width);
}

const highest = (values: Float64Array): number => values.reduce((most, value) => Math.max(most, value), 0);

function line(context: CanvasRenderingContext2D, colour: string, points: Float64Array): void {
  context.strokeStyle = colour;
  context.lineWidth = 1.5;
  context.beginPath();
  points.forEach((y, i) => {
    if (i === 0) context.moveTo(0.5, y);
    else context.lineTo(i + 0.5, y);
  });
  context.stroke();
}

/** The CPUs there are: what is above it waits for one. */
function level(context: CanvasRenderingContext2D, look: Look, cpus: number, y: number, width: number): void {
  context.strokeStyle = look.of.ink;
  context.lineWidth = 1;
  context.setLineDash([5, 4]);
  context.beginPath();
  context.moveTo(0, Math.round(y) + 0.5);
  context.lineTo(width, Math.round(y) + 0.5);
  context.stroke();
  context.setLineDash([]);
  const text = `${cpus.toLocaleString('en-US')} ${cpus === 1 ? 'CPU' : 'CPUs'}`;
  context.font = '600 11px system-ui, sans-serif';
  context.textBaseline = 'alphabetic';
  context.textAlign = 'right';
  context.lineWidth = 3;
  context.strokeStyle = look.of.paper;
  context.strokeText(text, width - 4, Math.max(11, y - 4));
  context.fillStyle = look.of.ink;
  context.fillText(text, width - 4, Math.max(11, y - 4));
  context.textAlign = 'left';
}

/** What is missing, over the whole height. */
export function paintLosses(
  context: CanvasRenderingContext2D,
  look: Look,
  losses: readonly { readonly from: number; readonly to: number }[],
  x: ScaleLinear<number, number>,
  height: number,
): void {
  for (const { from, to } of losses) {
    const left = x(from);
    const width = Math.max(3, x(to) - left);
    if (left > x.range()[1] || left + width < 0) continue;
    context.fillStyle = hatch(context, look.of.bad);
    context.fillRect(left, 0, width, height);
  }
}
