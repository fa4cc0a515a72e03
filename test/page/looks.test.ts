/** How the page looks: both schemes, every width, on paper; readable, nothing on top of something else, and nothing by colour alone. */
import assert from 'node:assert/strict';
import { after, before, type TestContext, test } from 'node:test';
import type { Browser, Page } from 'puppeteer-core';
import { needs } from '../docs/need.ts';
import { BUILD, timelineOf } from '../timeline/story.ts';
import { hasBrowser, launch, open, PROGRAM, painted } from './browser.ts';
import { colourNamed, PictureOnScreen, placeOf, ticksOf } from './picture.ts';

let browser: Browser;
let page: Page;
const isThere = hasBrowser();
const build = timelineOf(BUILD);

before(async () => {
  if (!isThere) return;
  browser = await launch();
  ({ page } = await open(browser, build));
});
after(async () => {
  await browser?.close();
});

function looks(name: string, body: () => Promise<void>): void {
  test(name, async (t: TestContext) => {
    if (needs(t, isThere, `there is no browser (${PROGRAM})`)) await body();
  });
}

const SCHEMES = ['light', 'dark'] as const;
const WIDTHS = [420, 1000, 1600];

async function scheme(value: (typeof SCHEMES)[number]): Promise<void> {
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value }]);
  await painted(page);
}

/** Of WCAG: 0 for black, 1 for white. */
function luminance(colour: string): number {
  const parts = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255);
  const [red, green, blue] = parts.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

const commands = Array.from({ length: 8 }, (_, i) => `command-${i}`);

looks('text can be read on its ground, in both schemes', async () => {
  for (const value of SCHEMES) {
    await scheme(value);
    const pairs = [
      ...[...commands, 'other'].map((fill) => ['bar-ink', fill]),
      ...['paper', 'ground'].flatMap((ground) => [
        ['ink', ground],
        ['muted', ground],
        ['bad', ground],
        ['accent', ground],
      ]),
    ];
    for (const [ink, ground] of pairs) {
      const found = contrast(await colourNamed(page, ink), await colourNamed(page, ground));
      assert.ok(found >= 4.5, `${ink} on ${ground}, ${value}: ${found.toFixed(2)}`);
    }
  }
});

/** How far two colours are apart for somebody without one kind of cone (Viénot, Brettel and Mollon 1999, in linear light). */
const BLIND: Record<string, readonly (readonly number[])[]> = {
  protan: [
    [0.11238, 0.88762, 0],
    [0.11238, 0.88762, 0],
    [0.00401, -0.00401, 1],
  ],
  deutan: [
    [0.29275, 0.70725, 0],
    [0.29275, 0.70725, 0],
    [-0.02234, 0.02234, 1],
  ],
};

function seenBy(colour: string, matrix: readonly (readonly number[])[]): number[] {
  const linear = [1, 3, 5].map((at) => (Number.parseInt(colour.slice(at, at + 2), 16) / 255) ** 2.2);
  return matrix.map(
    (row) =>
      Math.max(
        0,
        row.reduce((sum, part, i) => sum + part * linear[i], 0),
      ) **
      (1 / 2.2),
  );
}

looks('the first four commands differ for colour-blind people too', async () => {
  for (const value of SCHEMES) {
    await scheme(value);
    const fills = await Promise.all([...commands.slice(0, 4), 'other'].map((name) => colourNamed(page, name)));
    for (const [kind, matrix] of Object.entries(BLIND)) {
      fills.forEach((one, i) => {
        for (const other of fills.slice(i + 1)) {
          const [a, b] = [seenBy(one, matrix), seenBy(other, matrix)];
          const apart = Math.hypot(...a.map((part, at) => part - b[at]));
          assert.ok(apart > 0.18, `${one} and ${other}, ${kind}, ${value}: ${apart.toFixed(3)}`);
        }
      });
    }
  }
});

looks('the canvas follows the scheme', async () => {
  const picture = await PictureOnScreen.of(page, build.to, 5);
  const seen = [];
  for (const value of SCHEMES) {
    await scheme(value);
    seen.push(await picture.colourAt(picture.x(50e6), picture.y(0) - 8));
  }
  assert.equal(new Set(seen).size, 2, seen.join());
});

looks('at every width all fits into the window, and no words of the axis touch', async () => {
  await scheme('light');
  for (const width of WIDTHS) {
    await page.setViewport({ width, height: 900 });
    await painted(page);
    await painted(page);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(overflow <= 0, `${width}: ${overflow} too wide`);
    for (let zoom = 0; zoom < 6; zoom++) {
      const boxes = await page.$$eval('.axis .tick text', (texts) =>
        texts.map((text) => {
          const { left, right } = text.getBoundingClientRect();
          return [left, right];
        }),
      );
      assert.ok(boxes.length >= 2, `${width}: ${boxes.length} ticks`);
      boxes
        .sort(([a], [b]) => a - b)
        .reduce(
          ([, end], box) => {
            assert.ok(box[0] > end + 4, `${width}, zoom ${zoom}: words touch`);
            return box;
          },
          [0, Number.NEGATIVE_INFINITY],
        );
      await page.keyboard.press('+');
      await painted(page);
    }
    assert.equal(new Set(await ticksOf(page)).size, (await ticksOf(page)).length, 'no two ticks say the same');
    await page.keyboard.press('0');
  }
});

looks('on paper it is light, and has no controls', async () => {
  await page.setViewport({ width: 1200, height: 900 });
  await scheme('dark');
  await page.evaluate(() => window.dispatchEvent(new Event('beforeprint')));
  await page.emulateMediaType('print');
  assert.equal(await colourNamed(page, 'paper'), '#ffffff');
  assert.equal(await page.$eval('.tools', (tools) => getComputedStyle(tools).display), 'none');
  const picture = await PictureOnScreen.of(page, build.to, 5);
  assert.equal(await picture.colourAt(picture.x(50e6), picture.y(0) - 8), await colourNamed(page, 'other'));
  await page.emulateMediaType();
  await page.evaluate(() => window.dispatchEvent(new Event('afterprint')));
  await scheme('dark');
  assert.notEqual(await colourNamed(page, 'paper'), '#ffffff');
  const pdf = await page.pdf({ format: 'A4', landscape: true });
  assert.ok(pdf.length > 20_000);
  await scheme('light');
});

looks('details do not leave the window of a phone', async () => {
  await page.setViewport({ width: 420, height: 800 });
  await page.keyboard.press('n');
  const { x, y, width, height } = await placeOf(page, '.details');
  const { top } = await page.evaluate(() => ({ top: window.scrollY }));
  assert.ok(x >= 0 && x + width <= 420 && y - top >= 0 && y - top + height <= 801, `${x} ${y} ${width} ${height}`);
});

looks('controls have names, and what changes is told', async () => {
  const unnamed = await page.$$eval('input, select, button', (controls) =>
    controls
      .filter(
        (control) =>
          !control.closest('label')?.innerText && !control.textContent && !control.getAttribute('aria-label'),
      )
      .map((control) => control.outerHTML),
  );
  assert.deepEqual(unnamed, []);
});
