/** The picture as somebody with a mouse and eyes has it: where a time is, what stands there, and in which colour. */
import type { Page } from 'puppeteer-core';
import { painted } from './browser.ts';

/** The picture has this margin beside the time it shows. */
const MARGIN = 0.02;

export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export async function placeOf(page: Page, selector: string): Promise<Rectangle> {
  const box = await (await page.$(selector))?.boundingBox();
  if (!box) throw new Error(`nothing is seen of ${selector}`);
  return box;
}

export const textOf = (page: Page, selector: string): Promise<string> =>
  page.$eval(selector, (element) => (element as HTMLElement).innerText);

export class PictureOnScreen {
  private readonly page: Page;
  readonly bars: Rectangle;
  readonly rowHeight: number;
  private readonly whole: number;

  private constructor(page: Page, bars: Rectangle, whole: number, rows: number) {
    this.page = page;
    this.bars = bars;
    this.whole = whole;
    this.rowHeight = bars.height / rows;
  }

  /** `whole`: the time it shows; `rows`: how many rows it must have. */
  static async of(page: Page, whole: number, rows: number): Promise<PictureOnScreen> {
    return new PictureOnScreen(page, await placeOf(page, 'canvas.bars'), whole, rows);
  }

  /** The point of a time as long as nothing is zoomed. */
  x(time: number): number {
    return this.bars.x + ((time / this.whole + MARGIN) / (1 + 2 * MARGIN)) * this.bars.width;
  }

  y(row: number): number {
    return this.bars.y + (row + 0.5) * this.rowHeight;
  }

  /** What the tip beside the pointer says; empty where there is none. */
  async tipAt(x: number, y: number): Promise<string> {
    await this.page.mouse.move(x, y);
    return this.page.$eval('.tip', (tip) => ((tip as HTMLElement).hidden ? '' : (tip as HTMLElement).innerText));
  }

  /** The first row in which a process stands at this time. */
  async rowOf(pid: number, time: number): Promise<number> {
    for (let row = 0; row * this.rowHeight < this.bars.height; row++) {
      const tip = await this.tipAt(this.x(time), this.y(row));
      if (new RegExp(`^\\S+ ${pid}\\n`).test(tip)) return row;
    }
    return -1;
  }

  /** `#rrggbb` of a point of a canvas, by its place on the screen. */
  async colourAt(x: number, y: number, canvas = 'canvas.bars'): Promise<string> {
    await painted(this.page);
    return this.page.$eval(
      canvas,
      (element, left, top) => {
        const target = element as HTMLCanvasElement;
        const { x: dx, y: dy } = target.getBoundingClientRect();
        const data =
          target.getContext('2d')?.getImageData(Math.round(left - dx), Math.round(top - dy), 1, 1).data ?? [];
        return data[3] === 0
          ? 'none'
          : `#${[...data]
              .slice(0, 3)
              .map((part) => part.toString(16).padStart(2, '0'))
              .join('')}`;
      },
      x,
      y,
    );
  }
}

/** A colour of the style, as it is in this scheme. */
export const colourNamed = (page: Page, name: string): Promise<string> =>
  page.evaluate(
    (variable) => getComputedStyle(document.documentElement).getPropertyValue(variable).trim(),
    `--${name}`,
  );

/** The words below the ticks. */
export const ticksOf = (page: Page): Promise<string[]> =>
  page.$$eval('.axis .tick text', (texts) => texts.map((text) => text.textContent ?? ''));
