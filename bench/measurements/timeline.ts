/** A timeline of very many processes: how long it takes to draw, how large it is, and how it opens and moves in a real browser. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import puppeteer, { type Browser, type Page } from 'puppeteer-core';
import { Collector } from '../../src/timeline/collector.ts';
import { drawingOf } from '../../src/timeline/drawing.ts';
import { manyLives } from '../../test/support/many-lives.ts';
import type { Bench } from '../bench.ts';
import type { Result } from '../result.ts';
import { spread, written } from '../statistics.ts';

const BROWSER = 'chromium';
const hasBrowser = (): boolean => spawnSync('sh', ['-c', `command -v ${BROWSER}`]).status === 0;

interface Drawn {
  readonly path: string;
  readonly collectMs: number;
  readonly drawMs: number;
  readonly bytes: number;
}

async function draw(bench: Bench, count: number): Promise<Drawn> {
  const records = manyLives(count);
  const path = `${bench.directory}/timeline-${count}.html`;
  const begin = performance.now();
  const collector = new Collector();
  collector.take(records);
  const collected = performance.now();
  const chunks: (string | Uint8Array)[] = [];
  await drawingOf(collector, 'make -j8', { cpus: 8 }).write(
    path,
    (file) => readFileSync(file, 'utf8'),
    (chunk) => chunks.push(chunk),
  );
  const drawn = performance.now();
  writeFileSync(path, chunks.join(''));
  return { path, collectMs: collected - begin, drawMs: drawn - collected, bytes: chunks.join('').length };
}

const SECONDS_OF_MOVING = 2;

/** Frames a second while the mouse drags the picture to and fro. */
async function framesWhileMoving(page: Page): Promise<number> {
  const box = await (await page.$('canvas.bars'))?.boundingBox();
  if (!box) return Number.NaN;
  const counted = page.evaluate(
    `new Promise((done) => {
      let frames = 0;
      const begin = performance.now();
      const each = (now) => {
        frames++;
        if (now - begin > ${SECONDS_OF_MOVING * 1000}) done((frames / (now - begin)) * 1000);
        else requestAnimationFrame(each);
      };
      requestAnimationFrame(each);
    })`,
  ) as Promise<number>;
  let isMoving = true;
  const moving = (async () => {
    await page.mouse.move(box.x + box.width / 2, box.y + 60);
    await page.mouse.down();
    for (let i = 0; isMoving; i++) await page.mouse.move(box.x + box.width / 2 + 250 * Math.sin(i / 15), box.y + 60);
    await page.mouse.up();
  })();
  const frames = await counted;
  isMoving = false;
  await moving;
  return frames;
}

async function see(browser: Browser, path: string): Promise<{ openMs: number; whole: number; near: number }> {
  const page = await browser.newPage();
  await page.setViewport({ width: 1440, height: 900 });
  const begin = performance.now();
  await page.goto(pathToFileURL(path).href);
  await page.waitForSelector('#page[data-ready]', { timeout: 120_000 });
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
  const openMs = performance.now() - begin;
  // The hardest of all: each bar on its own, and all of the time in sight.
  await page.select('.tools select[data-of=fold]', 'none');
  const whole = await framesWhileMoving(page);
  for (let i = 0; i < 4; i++) await page.keyboard.press('+');
  const near = await framesWhileMoving(page);
  await page.close();
  return { openMs, whole, near };
}

export async function timeline(bench: Bench): Promise<Result> {
  const { lives } = bench.scale;
  const counts = [lives, lives * 10];
  const drawn = new Map<number, Drawn>();
  for (const count of counts) {
    bench.log(`  drawing ${count.toLocaleString('en-US')}`);
    drawn.set(count, await draw(bench, count));
  }
  const browser = hasBrowser()
    ? await puppeteer.launch({
        executablePath: `/usr/bin/${BROWSER}`,
        headless: true,
        userDataDir: `${bench.directory}/chromium`,
        args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-sync'],
      })
    : undefined;
  const subjects = counts.map((count) => ({ name: count.toLocaleString('en-US'), count }));
  const seen = await bench.takeTurns(subjects, async ({ count }) =>
    browser === undefined ? undefined : see(browser, drawn.get(count)?.path ?? ''),
  );
  await browser?.close();
  const figures = Object.fromEntries(
    subjects.map(({ name, count }) => {
      const of = seen.get(name)?.flatMap((one) => one ?? []) ?? [];
      const { collectMs, drawMs, bytes } = drawn.get(count) ?? { collectMs: 0, drawMs: 0, bytes: 0 };
      return [
        name,
        {
          collect_ms: collectMs,
          draw_ms: drawMs,
          megabytes: bytes / 1e6,
          open_ms: spread(of.map(({ openMs }) => openMs)),
          frames_whole: spread(of.map(({ whole }) => whole)),
          frames_near: spread(of.map(({ near }) => near)),
        },
      ];
    }),
  );
  return {
    name: 'timeline',
    title: 'A timeline of very many processes',
    what: 'A made-up build, drawn as a page and opened in headless chromium without a graphics card: from the address to the first picture, then frames a second while the mouse drags, with every bar on its own, all of the time in sight and a seventh of it. Beyond 200,000 processes the shortest are bundled.',
    columns: ['processes', 'collect ms', 'draw ms', 'MB', 'open ms', 'frames/s, all', 'frames/s, near'],
    rows: Object.entries(figures).map(([name, one]) => [
      name,
      one.collect_ms.toFixed(0),
      one.draw_ms.toFixed(0),
      one.megabytes.toFixed(2),
      browser === undefined ? 'not seen' : written(one.open_ms),
      browser === undefined ? 'not seen' : written(one.frames_whole),
      browser === undefined ? 'not seen' : written(one.frames_near),
    ]),
    figures,
    aims: [],
    notes: browser === undefined ? [`there is no browser (${BROWSER})`] : [],
  };
}
