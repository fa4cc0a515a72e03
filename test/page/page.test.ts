/** The page in a real browser: bars where the records say, and everything that mouse and keyboard do with them. */
import assert from 'node:assert/strict';
import { after, before, type TestContext, test } from 'node:test';
import type { Browser, Page } from 'puppeteer-core';
import { lastProgram, type Timeline } from '../../src/timeline/life.ts';
import { needs } from '../docs/need.ts';
import { manyLives } from '../support/many-lives.ts';
import { BUILD, DEATHS, exec, exit, fork, hole, life, timelineOf } from '../timeline/story.ts';
import { hasBrowser, launch, open, PROGRAM, painted, type Watched } from './browser.ts';
import { colourNamed, PictureOnScreen, placeOf, textOf, ticksOf } from './picture.ts';

let browser: Browser;
const isThere = hasBrowser();

before(async () => {
  if (isThere) browser = await launch();
});
after(async () => {
  await browser?.close();
});

/** A test that opens a timeline; nothing in it may complain or ask for anything. */
function pageTest(
  name: string,
  timeline: Timeline,
  body: (page: Page, watched: Watched) => Promise<void>,
  width?: number,
): void {
  test(name, async (t: TestContext) => {
    if (!needs(t, isThere, `there is no browser (${PROGRAM})`)) return;
    const watched = await open(browser, timeline, width);
    await body(watched.page, watched);
    assert.deepEqual(watched.trouble, []);
    await watched.page.close();
  });
}

const MILLI = 1e6;
const build = timelineOf(BUILD);
/** make, two rows of jobs with a compiler below each. */
const BUILD_ROWS = 5;
const onScreen = (page: Page) => PictureOnScreen.of(page, build.to, BUILD_ROWS);

pageTest('every bar begins and ends where its records say, below that of its parent', build, async (page) => {
  const picture = await onScreen(page);
  const rows = new Map<unknown, number>();
  for (const one of build.lives) {
    const { pid, from, to, parent } = one;
    const row = await picture.rowOf(pid, (from + to) / 2);
    assert.ok(row >= 0, `${pid} is nowhere`);
    rows.set(one, row);
    if (parent !== undefined) assert.ok(row > (rows.get(parent) ?? 0), `${pid} is below its parent`);
    const y = picture.y(row);
    const isIt = async (x: number) => new RegExp(`^\\S+ ${pid}\\n`).test(await picture.tipAt(x, y));
    assert.ok(await isIt(picture.x(from) + 2), `${pid} has begun`);
    assert.ok(await isIt(picture.x(to) - 2), `${pid} has not ended`);
    assert.ok(!(await isIt(picture.x(from) - 6)), `${pid} has not begun`);
    assert.ok(!(await isIt(picture.x(to) + 6)), `${pid} has ended`);
  }
});

pageTest('bars have the colour of their command, and the ends that failed are marked', build, async (page) => {
  const picture = await onScreen(page);
  const row = await picture.rowOf(102, 20 * MILLI);
  const legend = await page.$$eval('.legend li', (items) => items.map((item) => item.textContent));
  const place = legend.indexOf('cc1');
  await page.mouse.move(0, 0);
  assert.equal(
    await picture.colourAt(picture.x(38 * MILLI), picture.y(row)),
    await colourNamed(page, `command-${place}`),
  );
  const failed = await picture.rowOf(104, 10 * MILLI);
  await page.mouse.move(0, 0);
  const cross = await picture.colourAt(picture.x(20 * MILLI) - 3, picture.y(failed) - 9);
  assert.equal(cross, await colourNamed(page, 'bad'));
  const waiting = await picture.colourAt(picture.x(50 * MILLI), picture.y(0) - 8);
  assert.equal(waiting, await colourNamed(page, 'other'));
});

pageTest(
  'the boundary of each exec is drawn inside a life',
  timelineOf([fork(0, 1, 9), exec(1, 1, 'sh'), exec(50, 1, 'cc1'), exit(100, 1)]),
  async (page) => {
    const picture = await PictureOnScreen.of(page, 100 * MILLI, 1);
    const y = picture.y(0) - 9;
    assert.equal(await picture.colourAt(picture.x(75 * MILLI), y), await colourNamed(page, 'command-0'));
    assert.equal(await picture.colourAt(picture.x(25 * MILLI), y), await colourNamed(page, 'other'));
    await page.mouse.click(picture.x(75 * MILLI), picture.y(0));
    const details = await textOf(page, '.details');
    assert.match(details, /from \+1\.00ms\nsh\nfrom \+50\.0ms\ncc1/);
  },
);

pageTest(
  'the wheel zooms where the pointer is, keys zoom and move, and all of it is seen again',
  build,
  async (page) => {
    const picture = await onScreen(page);
    const whole = await ticksOf(page);
    const [x, y] = [picture.x(30 * MILLI), picture.y(0)];
    await page.mouse.move(x, y);
    for (let i = 0; i < 8; i++) await page.mouse.wheel({ deltaY: -240 });
    await painted(page);
    const near = await ticksOf(page);
    assert.notDeepEqual(near, whole);
    assert.match(await picture.tipAt(x, y), /at \+(?:29\.|30\.)/, 'the time at the pointer stays there');
    await page.keyboard.press('ArrowRight');
    await painted(page);
    assert.notDeepEqual(await ticksOf(page), near);
    await page.keyboard.press('0');
    await painted(page);
    assert.deepEqual(await ticksOf(page), whole);
    await page.keyboard.press('+');
    await painted(page);
    assert.notDeepEqual(await ticksOf(page), whole);
    await page.keyboard.press('-');
    await page.keyboard.press('-');
    await painted(page);
    assert.deepEqual(await ticksOf(page), whole, 'never farther out than all of it');
  },
);

pageTest('dragging moves the time, Shift and wheel too, and pinching zooms', build, async (page) => {
  const picture = await onScreen(page);
  const [x, y] = [picture.x(50 * MILLI), picture.y(0)];
  await page.mouse.move(x, y);
  await page.keyboard.down('Control');
  for (let i = 0; i < 12; i++) await page.mouse.wheel({ deltaY: -40 });
  await page.keyboard.up('Control');
  await painted(page);
  const near = await ticksOf(page);
  await page.mouse.down();
  await page.mouse.move(x - 200, y, { steps: 5 });
  await page.mouse.up();
  await painted(page);
  const moved = await ticksOf(page);
  assert.notDeepEqual(moved, near);
  assert.equal(await page.$eval('.details', (details) => (details as HTMLElement).hidden), true, 'a drag is no click');
  await page.keyboard.down('Shift');
  await page.mouse.wheel({ deltaY: -300 });
  await page.keyboard.up('Shift');
  await painted(page);
  assert.notDeepEqual(await ticksOf(page), moved);
});

pageTest('a page that shows all of its time scrolls with the wheel', build, async (page) => {
  const picture = await onScreen(page);
  await page.setViewport({ width: 1200, height: 500 });
  await page.mouse.move(picture.x(50 * MILLI), picture.y(0));
  await page.mouse.wheel({ deltaY: 200 });
  await page.waitForFunction('scrollY > 0');
});

pageTest('a click shows all that is known', build, async (page) => {
  const picture = await onScreen(page);
  const row = await picture.rowOf(104, 10 * MILLI);
  await page.mouse.click(picture.x(10 * MILLI), picture.y(row));
  const details = await textOf(page, '.details');
  for (const fact of [
    '✕ cc1',
    'cc1 b.c',
    'end\nexit 1',
    'wall time\n17.0ms',
    'CPU time\n16.0ms, 94 % of a CPU',
    'peak memory\n29M',
    'written\n4K',
    'began\n+3.00ms',
    'ended\n+20.0ms',
    'pid\n104',
    'parent\ncc (103)',
    'user\n1000',
    'directory\n/src',
    'program\n/usr/bin/cc1',
  ]) {
    assert.ok(details.includes(fact), `${fact}\n\nin\n\n${details}`);
  }
  await page.click('.details .link');
  assert.match(await textOf(page, '.details h2'), /^✕ cc$/);
  await page.keyboard.press('Escape');
  assert.equal(await page.$eval('.details', (panel) => (panel as HTMLElement).hidden), true);
});

pageTest(
  'by keyboard alone: from process to process, to parents and children, and into the filter',
  build,
  async (page) => {
    await page.focus('canvas.bars');
    const pid = async () => /\npid\n(\d+)\n/.exec(await textOf(page, '.details'))?.[1];
    await page.keyboard.press('n');
    assert.equal(await pid(), '100');
    await page.keyboard.press('c');
    assert.equal(await pid(), '101');
    await page.keyboard.press('n');
    assert.equal(await pid(), '103');
    await page.keyboard.press('p');
    assert.equal(await pid(), '100');
    await page.keyboard.press('c');
    const whole = await ticksOf(page);
    await page.keyboard.press('Enter');
    await painted(page);
    assert.notDeepEqual(await ticksOf(page), whole);
    await page.keyboard.press('/');
    await page.keyboard.type('cc1');
    assert.equal(await page.$eval('input[type=search]', (input) => (input as HTMLInputElement).value), 'cc1');
  },
);

pageTest(
  'the filter lets through what matches by name or as a regular expression, and dims the rest',
  build,
  async (page) => {
    const picture = await onScreen(page);
    const at = { x: picture.x(50 * MILLI), y: picture.y(0) - 8 };
    const plain = await picture.colourAt(at.x, at.y);
    for (const [typed, says] of [
      ['cc1', '3 of 8'],
      ['^sleep|make', '2 of 8'],
      ['B\\.C$', '2 of 8'],
      ['(', '0 of 8'],
    ]) {
      await page.$eval('input[type=search]', (input) => {
        (input as HTMLInputElement).value = '';
      });
      await page.type('input[type=search]', typed);
      assert.equal(await textOf(page, '.found'), says, typed);
      assert.equal((await picture.colourAt(at.x, at.y)) === plain, /make/.test(typed), typed);
    }
  },
);

pageTest('the slider leaves out what is shorter', build, async (page) => {
  const height = async () => (await placeOf(page, 'canvas.bars')).height;
  const all = await height();
  await page.$eval('input[type=range]', (input) => {
    (input as HTMLInputElement).value = '96';
    input.dispatchEvent(new Event('input'));
  });
  await painted(page);
  assert.ok((await height()) < all, 'fewer rows');
  assert.match(await textOf(page, '.tools label output'), /^≥ \d/);
});

const PROBES = timelineOf([
  ...life(1, 9, [0, 4000], 'configure'),
  ...Array.from({ length: 40 }, (_, i) => [
    ...life(10 + 2 * i, 1, [10 + i * 20, 16 + i * 20], 'cc -E'),
    ...life(11 + 2 * i, 10 + 2 * i, [11 + i * 20, 15 + i * 20], 'cc1 -E'),
  ]).flat(),
  ...life(500, 1, [1000, 3900], 'make'),
]);

pageTest('alike siblings are one, with all below them, until somebody clicks', PROBES, async (page) => {
  const picture = await PictureOnScreen.of(page, PROBES.to, 3);
  const tip = await picture.tipAt(picture.x(400 * MILLI), picture.y(1));
  assert.match(tip, /^cc × 40\n+alike; click to unfold/);
  assert.match(await picture.tipAt(picture.x(400 * MILLI), picture.y(2)), /^cc1 × 40\n/);
  await page.mouse.click(picture.x(400 * MILLI), picture.y(1));
  await painted(page);
  assert.match(await picture.tipAt(picture.x(13 * MILLI), picture.y(1)), /^cc 10\n/);
  assert.match(await textOf(page, '.details h2'), /^cc × 40$/);
  await page.select('.tools select[data-of=fold]', 'all');
  await painted(page);
  assert.match(await picture.tipAt(picture.x(400 * MILLI), picture.y(1)), /^cc × 40\n/);
  await page.select('.tools select[data-of=fold]', 'none');
  await painted(page);
  assert.match(await picture.tipAt(picture.x(13 * MILLI), picture.y(2)), /^cc1 11\n/);
});

const DEATHS_DRAWN = timelineOf(DEATHS);

/** One after the other but for the last two, which are long, side by side, and one of them twice as long. */
const COMPILERS = timelineOf([
  ...life(1, 9, [0, 1000], 'make'),
  ...life(2, 1, [10, 200], 'cc1 a.c'),
  ...life(3, 1, [210, 300], 'cc1 b.c'),
  ...life(4, 1, [310, 600], 'cc1 c.c'),
  ...life(5, 1, [320, 900], 'cc1 d.c'),
]);

pageTest('those that are long fold too, and each is seen where it was', COMPILERS, async (page) => {
  const picture = await PictureOnScreen.of(page, COMPILERS.to, 2);
  const colourAt = (time: number, part: number) =>
    picture.colourAt(picture.x(time * MILLI), picture.y(1) + part * picture.rowHeight);
  assert.match(await picture.tipAt(picture.x(400 * MILLI), picture.y(1)), /^cc1 × 4\n+alike; click to unfold/);
  await page.mouse.move(0, 0);
  const cc1 = await colourNamed(page, 'command-0');
  const seen = (part: number) => Promise.all([150, 500, 850].map(async (time) => (await colourAt(time, part)) === cc1));
  assert.deepEqual(await seen(-0.25), [true, true, false], 'above, one after the other');
  assert.deepEqual(await seen(0.2), [false, true, true], 'below, the one that was there at the same time, and stayed');
  await page.mouse.click(picture.x(850 * MILLI), picture.y(1));
  await painted(page);
  const details = await textOf(page, '.details');
  assert.match(details, /^cc1 × 4[\s\S]*first\ncc1 \(2\)\nlongest\ncc1 \(5\)/);
  assert.match(await picture.tipAt(picture.x(150 * MILLI), picture.y(1)), /^cc1 2\n/);
});

pageTest(
  'details and tip say how a process ended and why; those that differ in that alone fold',
  DEATHS_DRAWN,
  async (page) => {
    const picture = await PictureOnScreen.of(page, DEATHS_DRAWN.to, 2);
    const at = (time: number) => [picture.x(time * MILLI), picture.y(1)] as const;
    assert.match(await picture.tipAt(...at(55)), /exit 143, asked by kubelet\[8\] \(SIGTERM\)/);
    await page.mouse.click(...at(75));
    assert.match(await textOf(page, '.details'), /\nend\nSIGSEGV at 0x18 \(not mapped\)\n/);
    await page.mouse.click(picture.x(5 * MILLI), picture.y(0));
    assert.match(
      await textOf(page, '.details'),
      /\nend\nexit 127 · \/usr\/bin\/sh\\u202eop: not found, or its interpreter \(4 tried\)\n/,
    );
    await page.mouse.click(...at(25));
    await painted(page);
    assert.match(await textOf(page, '.details'), /^worker × 3[\s\S]*\nend of each\nSIGKILL\n/);
    await page.mouse.click(...at(35));
    assert.match(await textOf(page, '.details'), /\nend\nSIGKILL by oomd\[73\]\n/);
  },
);

pageTest(
  'packed by command: a heading for each, and its lives in as few rows as there were at once',
  build,
  async (page) => {
    await page.select('.tools select[data-of=layout]', 'packed');
    await painted(page);
    // make 1, cc 2, cc1 2 and sleep 1 rows, and four headings.
    const picture = await PictureOnScreen.of(page, build.to, 10);
    const names = [];
    for (let row = 0; row < 10; row++) {
      const tips = [];
      for (const time of [10, 50, 80])
        tips.push(/^\S*/.exec(await picture.tipAt(picture.x(time * MILLI), picture.y(row)))?.[0]);
      names.push(tips.find((name) => name !== '') ?? '');
    }
    assert.deepEqual(names, ['', 'make', '', 'cc', 'cc', '', 'cc1', 'cc1', '', 'sleep']);
  },
);

pageTest('the strip shows what ran against the CPUs, and the line of what was used', build, async (page) => {
  const picture = await onScreen(page);
  const strip = await placeOf(page, 'canvas.strip');
  const low = strip.y + strip.height - 3;
  assert.equal(await picture.colourAt(picture.x(50 * MILLI), low, 'canvas.strip'), await colourNamed(page, 'running'));
  assert.equal(await picture.colourAt(picture.x(-1.5 * MILLI), low, 'canvas.strip'), 'none');
  const half = strip.y + 16 + (strip.height - 16) * 0.3;
  assert.equal(
    await picture.colourAt(picture.x(10 * MILLI), half, 'canvas.strip'),
    await colourNamed(page, 'running'),
    'two at once',
  );
  assert.equal(await picture.colourAt(picture.x(75 * MILLI), half, 'canvas.strip'), 'none', 'one alone');
});

const UNCERTAIN = timelineOf([
  ...life(1, 9, [0, 100], 'sh'),
  fork(10, 2, 1),
  exec(11, 2, 'server'),
  hole(40, 60),
  fork(70, 3, 1),
  exec(71, 3, 'lost'),
  ...life(3, 1, [90, 95], 'next'),
]);

pageTest('what was lost or is not known is hatched, and said', UNCERTAIN, async (page) => {
  const legend = await textOf(page, '.legend');
  assert.match(legend, /not known[\s\S]*events lost/);
  assert.match(
    await textOf(page, '.missing'),
    /1,234 events were lost \(overrun\), where it is hatched\.[\s\S]*The end of 1 process was not heard/,
  );
  const picture = await PictureOnScreen.of(page, UNCERTAIN.to, 4);
  const strip = await placeOf(page, 'canvas.strip');
  const colours = new Set<string>();
  for (let i = 0; i < 24; i++)
    colours.add(await picture.colourAt(picture.x(50 * MILLI) + i, strip.y + 4, 'canvas.strip'));
  assert.ok(colours.size > 2, 'lines, and between them the ground');
  const tip = await picture.tipAt(picture.x(50 * MILLI), picture.y(await picture.rowOf(2, 50 * MILLI)));
  assert.match(tip, /still running/);
});

pageTest('a row of the findings leads to its bar', build, async (page) => {
  await page.click('.failures tbody tr:first-child button');
  assert.match(await textOf(page, '.details'), /^✕ cc1\n/);
  await page.click('.chain tbody tr:last-child button');
  assert.match(await textOf(page, '.details'), /^sleep\n/);
});

pageTest('the findings are those of the terminal', build, async (page) => {
  const figures = await textOf(page, '.figures');
  for (const part of ['100ms', '74.5ms', '0.74', '✕ 3']) assert.ok(figures.includes(part), `${part} in ${figures}`);
  const titles = await page.$$eval('.finding h2', (all) => all.map((one) => one.textContent));
  assert.deepEqual(titles, [
    'At most half of the 2 CPUs in use',
    'Chain of last finishers',
    'Failures',
    'By command',
    'The longest lives',
  ]);
});

const cut = timelineOf(manyLives(3000), { limit: 500 });

pageTest('lives that were too many are bundles, and a sentence says so', cut, async (page) => {
  assert.match(
    await textOf(page, '.missing'),
    /Of 2,998 processes the [\d,]+ shortest, none longer than \S+, are not drawn each on its own/,
  );
  assert.match(await textOf(page, '.figures'), /\b2,998\n/);
  const bundled = cut.bundles[0];
  assert.ok(bundled.count > 0 && lastProgram(cut.lives[0]).name === 'make');
  const { x, y, width, height } = await placeOf(page, 'canvas.bars');
  const seen = new Set<string>();
  for (let row = 0; row < height; row += 9) {
    await page.mouse.move(x + width / 2, y + row);
    seen.add(await page.$eval('.tip', (tip) => (tip as HTMLElement).innerText.split('\n')[0]));
  }
  assert.ok(
    [...seen].some((text) => /^[\d,]+ shorter ones, up to /.test(text)),
    [...seen].join(' | '),
  );
});
