/** The picture: strip, axis and bars on one scale of time, with zoom, pan, hover and selection. */
import { axisBottom } from 'd3-axis';
import { type ScaleLinear, scaleLinear } from 'd3-scale';
import { select } from 'd3-selection';
import { type D3ZoomEvent, type ZoomTransform, zoom, zoomIdentity, zoomTransform } from 'd3-zoom';
import { type Arrangement, boxAt } from './arrange.ts';
import type { Box } from './boxes.ts';
import { element } from './element.ts';
import { type Look, ROW_HEIGHTS } from './look.ts';
import type { Model } from './model.ts';
import { BarPainter, type Marks } from './paint-bars.ts';
import { paintLosses, paintStrip, STRIP_HEIGHT, type StripSeries } from './paint-strip.ts';
import { ticks, tickText } from './times.ts';

/** So many microseconds fill the width at the closest. */
const CLOSEST_MICROS = 20;
const TICK_EACH_POINTS = 90;
const LEAST_TICKS = 3;
const AXIS_HEIGHT = 24;
/** Of the window: what does not fit is scrolled. */
const MOST_HEIGHT = 0.68;
const LEAST_HEIGHT = 120;
const MARGIN = 0.02;
const PRINTED_ROWS = 120;
const HIT_POINTS = 3;
const STEP = { zoom: 1.6, pan: 0.15 } as const;

export interface PictureEvents {
  hover(box: Box | undefined, time: number, x: number, y: number): void;
  choose(box: Box | undefined): void;
}

function sized(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('this browser draws no canvas');
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

export class Picture {
  readonly root: HTMLElement;
  readonly bars = element('canvas', {
    tabindex: '0',
    role: 'img',
    class: 'bars',
    'aria-label': 'One bar for each process, on a common axis of time. The tables below say the same in words.',
  });
  marks: Marks = { hovered: undefined, selected: undefined, matches: undefined, chain: undefined };
  look: Look;
  isPrinting = false;
  private readonly strip = element('canvas', { class: 'strip' });
  private readonly axis = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  private readonly scroller = element('div', { class: 'scroller' });
  private readonly spacer = element('div', { class: 'spacer' });
  private readonly model: Model;
  private readonly series: StripSeries;
  private readonly zoom = zoom<HTMLCanvasElement, unknown>();
  private arrangement: Arrangement = { rows: [], headings: [] };
  private width = 1;
  private frame = 0;

  constructor(model: Model, look: Look, series: StripSeries, events: PictureEvents) {
    this.model = model;
    this.look = look;
    this.series = series;
    this.axis.setAttribute('class', 'axis');
    this.axis.setAttribute('aria-hidden', 'true');
    this.scroller.append(this.bars, this.spacer);
    this.root = element('div', { class: 'chart' }, this.strip, this.axis, this.scroller);
    this.listen(events);
    new ResizeObserver(() => this.resize()).observe(this.root);
    this.scroller.addEventListener('scroll', () => this.redraw());
  }

  private listen(events: PictureEvents): void {
    const canvas = select(this.bars);
    this.zoom
      .clickDistance(4)
      .filter((event: Event) => this.takes(event))
      .on('zoom', (event: D3ZoomEvent<HTMLCanvasElement, unknown>) => {
        const source = event.sourceEvent as Event | undefined;
        if (source?.type === 'mousemove') this.scroller.scrollTop -= (source as MouseEvent).movementY;
        this.redraw();
      });
    canvas.call(this.zoom).on('dblclick.zoom', null);
    this.bars.addEventListener('wheel', (event) => this.slide(event), { passive: false });
    const at = (event: MouseEvent) => this.boxAt(event.offsetX, event.offsetY);
    this.bars.addEventListener('mousemove', (event) =>
      events.hover(
        event.buttons === 0 ? at(event) : undefined,
        this.x.invert(event.offsetX),
        event.clientX,
        event.clientY,
      ),
    );
    this.bars.addEventListener('mouseleave', () => events.hover(undefined, 0, 0, 0));
    this.bars.addEventListener('click', (event) => events.choose(at(event)));
    this.bars.addEventListener('dblclick', (event) => {
      const box = at(event);
      if (box !== undefined) this.show(box.from, box.to);
    });
  }

  /** The whole picture has nothing to zoom out of: then the page scrolls. */
  private takes(event: Event): boolean {
    if (event.type !== 'wheel') return !(event as MouseEvent).button;
    const { deltaX, deltaY, shiftKey } = event as WheelEvent;
    if (shiftKey || Math.abs(deltaX) > Math.abs(deltaY)) return false;
    return deltaY < 0 || this.transform.k > 1;
  }

  /** Sideways. */
  private slide(event: WheelEvent): void {
    const { deltaX, deltaY, shiftKey } = event;
    const by = shiftKey && deltaX === 0 ? deltaY : deltaX;
    if (event.ctrlKey || (!shiftKey && Math.abs(deltaX) <= Math.abs(deltaY))) return;
    event.preventDefault();
    select(this.bars).call(this.zoom.translateBy, -by / this.transform.k, 0);
  }

  private get transform(): ZoomTransform {
    return zoomTransform(this.bars);
  }

  /** All of it, with a margin. */
  private get whole(): ScaleLinear<number, number> {
    const { to } = this.model.data;
    const span = Math.max(to, CLOSEST_MICROS);
    return scaleLinear([-span * MARGIN, span * (1 + MARGIN)], [0, this.width]);
  }

  get x(): ScaleLinear<number, number> {
    return this.transform.rescaleX(this.whole);
  }

  /** The time that is seen. */
  get window(): readonly [number, number] {
    return [this.x.invert(0), this.x.invert(this.width)];
  }

  private boxAt(x: number, y: number): Box | undefined {
    const scale = this.x;
    const row = Math.floor((y + this.scroller.scrollTop) / this.rowHeight);
    return boxAt(this.arrangement.rows[row], scale.invert(x), scale.invert(HIT_POINTS) - scale.invert(0));
  }

  arrange(arrangement: Arrangement): void {
    this.arrangement = arrangement;
    this.resize();
  }

  private get mostHeight(): number {
    return Math.max(LEAST_HEIGHT, Math.floor(window.innerHeight * MOST_HEIGHT));
  }

  private get rowHeight(): number {
    const fits = ROW_HEIGHTS.find((height) => this.arrangement.rows.length * height <= this.mostHeight);
    return fits ?? ROW_HEIGHTS[ROW_HEIGHTS.length - 1];
  }

  private get contentHeight(): number {
    return Math.max(1, this.arrangement.rows.length) * this.rowHeight;
  }

  private get seenHeight(): number {
    if (this.isPrinting) return Math.min(this.contentHeight, PRINTED_ROWS * this.rowHeight);
    return Math.min(this.contentHeight, this.mostHeight);
  }

  resize(): void {
    const window = this.width > 1 ? this.window : undefined;
    const width = Math.max(1, this.root.clientWidth);
    const height = this.seenHeight;
    this.scroller.style.height = `${height}px`;
    this.spacer.style.height = `${Math.max(0, this.contentHeight - height)}px`;
    this.width = Math.max(1, this.scroller.clientWidth || width);
    const closest = Math.max(1, this.model.data.to / CLOSEST_MICROS);
    this.zoom
      .extent([
        [0, 0],
        [this.width, 1],
      ])
      .translateExtent([
        [0, 0],
        [this.width, 1],
      ])
      .scaleExtent([1, closest]);
    if (window !== undefined) this.move(window[0], window[1]);
    this.redraw();
  }

  /** On the next frame, once. */
  redraw(): void {
    if (this.frame !== 0) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
    });
  }

  draw(): void {
    const { width, look, model } = this;
    const x = this.x;
    const { losses } = model.data;
    const strip = sized(this.strip, width, STRIP_HEIGHT);
    this.grid(strip, x, STRIP_HEIGHT);
    paintLosses(strip, look, losses, x, STRIP_HEIGHT);
    paintStrip(strip, look, this.series, x, width);
    this.drawAxis(x);
    const height = this.seenHeight;
    const bars = sized(this.bars, width, height);
    this.grid(bars, x, height);
    paintLosses(bars, look, losses, x, height);
    const view = { x, width, height, top: this.scroller.scrollTop, rowHeight: this.rowHeight };
    new BarPainter(model, bars, look, view, this.marks).paint(this.arrangement);
  }

  private ticks(x: ScaleLinear<number, number>): number[] {
    const [from, to] = x.domain();
    return ticks(from, to, Math.max(LEAST_TICKS, Math.floor(this.width / TICK_EACH_POINTS))).filter(
      (tick) => tick >= 0,
    );
  }

  private grid(context: CanvasRenderingContext2D, x: ScaleLinear<number, number>, height: number): void {
    context.fillStyle = this.look.of.line;
    for (const tick of this.ticks(x)) context.fillRect(Math.round(x(tick)), 0, 1, height);
  }

  private drawAxis(x: ScaleLinear<number, number>): void {
    const places = this.ticks(x);
    const step = places.length > 1 ? places[1] - places[0] : this.model.data.to;
    const axis = axisBottom(x)
      .tickValues(places)
      .tickSize(5)
      .tickPadding(4)
      .tickFormat((value) => tickText(Number(value), step));
    this.axis.setAttribute('width', String(this.width));
    this.axis.setAttribute('height', String(AXIS_HEIGHT));
    const group = select(this.axis).selectAll<SVGGElement, null>('g.all').data([null]).join('g').attr('class', 'all');
    group.call(axis).attr('font-size', null).attr('font-family', null);
  }

  /** Without a way there. */
  private move(from: number, to: number): void {
    const whole = this.whole;
    const scale = this.width / Math.max(1e-9, whole(to) - whole(from));
    select(this.bars).call(this.zoom.transform, zoomIdentity.scale(scale).translate(-whole(from), 0));
  }

  /** This time, with some around it. */
  show(from: number, to: number): void {
    const around = Math.max((to - from) * 0.15, CLOSEST_MICROS);
    this.move(from - around, to + around);
    this.redraw();
  }

  fit(): void {
    select(this.bars).call(this.zoom.transform, zoomIdentity);
  }

  zoomBy(direction: 1 | -1): void {
    select(this.bars).call(this.zoom.scaleBy, STEP.zoom ** direction);
  }

  pan(direction: 1 | -1): void {
    select(this.bars).call(this.zoom.translateBy, (-direction * STEP.pan * this.width) / this.transform.k, 0);
  }

  scroll(direction: 1 | -1): void {
    this.scroller.scrollTop += direction * 3 * this.rowHeight;
  }

  /** Scrolls to a life; undefined if no box stands for it. */
  reveal(place: number): Box | undefined {
    for (const row of this.arrangement.rows) {
      const box = row.find(({ lives }) => lives.includes(place));
      if (box === undefined) continue;
      const y = box.row * this.rowHeight;
      const { scrollTop, clientHeight } = this.scroller;
      if (y < scrollTop || y > scrollTop + clientHeight - this.rowHeight)
        this.scroller.scrollTop = y - clientHeight / 2;
      return box;
    }
    return undefined;
  }
}
