/** A page about hostile processes, and pages about very many: nothing runs, nothing asks for anything, all is there. */
import assert from 'node:assert/strict';
import { after, before, type TestContext, test } from 'node:test';
import type { Browser } from 'puppeteer-core';
import { needs } from '../docs/need.ts';
import { manyLives } from '../support/many-lives.ts';
import { broken, record } from '../support/records.ts';
import { exec, exit, fork, life, timelineOf } from '../timeline/story.ts';
import { hasBrowser, launch, open, PROGRAM, painted } from './browser.ts';
import { placeOf, textOf } from './picture.ts';

let browser: Browser;
const isThere = hasBrowser();

before(async () => {
  if (isThere) browser = await launch();
});
after(async () => {
  await browser?.close();
});

function safetyTest(name: string, body: () => Promise<void>): void {
  test(name, async (t: TestContext) => {
    if (needs(t, isThere, `there is no browser (${PROGRAM})`)) await body();
  });
}

const PAYLOADS = [
  '</script><script>window.ran=1</script>',
  '<img src=x onerror=window.ran=1>',
  '"><svg onload=window.ran=1>',
  '<!--<script>',
  '\u2028window.ran=1\u2029',
  '\u202egnp.exe',
  '{{constructor.constructor("window.ran=1")()}}',
  '__proto__',
  'javascript:window.ran=1',
];

safetyTest('nothing of a hostile process runs, and its text is shown escaped', async () => {
  const hostile = PAYLOADS.flatMap((text, i) => [
    fork(i * 10, i + 2, 1),
    {
      ...exec(i * 10 + 1, i + 2, text.slice(0, 15), text, text),
      image: {
        comm: text.slice(0, 15),
        args: [text, text, broken(0xff, 0x3c)],
        cwd: `/${text}`,
        exe: `/bin/${text}`,
        uid: 7,
      },
    },
    exit(i * 10 + 9, i + 2, { status: 256 }),
  ]);
  const timeline = timelineOf(
    [
      ...life(1, 9, [0, 100], `sh ${PAYLOADS[0]}`),
      ...hostile,
      record({ event: 'found', pid: 99, tid: 99, parentComm: PAYLOADS[1] }),
    ],
    {
      userName: () => PAYLOADS[1],
    },
  );
  const { page, trouble } = await open(browser, { ...timeline, title: PAYLOADS[0] });
  await page.focus('canvas.bars');
  let shown = '';
  for (let i = 0; i < timeline.lives.length; i++) {
    await page.keyboard.press('n');
    shown += await textOf(page, '.details');
  }
  const { x, y, width, height } = await placeOf(page, 'canvas.bars');
  for (let i = 0; i < 40; i++) await page.mouse.move(x + (width * i) / 40, y + ((i * 7) % height));
  await page.type('input[type=search]', '<img src=x onerror');
  await painted(page);
  assert.equal(await page.evaluate('window.ran'), undefined);
  assert.deepEqual(
    await page.$$eval('#page img, #page svg:not(.axis), #page script, #page iframe', (found) => found.length),
    0,
  );
  assert.equal(await page.evaluate('({}).polluted'), undefined);
  assert.deepEqual(trouble, []);
  for (const text of [
    '</script><script>window.ran=1</script>',
    '<img src=x onerror=window.ran=1>',
    '\\u2028window.ran=1\\u2029',
    '\\u202egnp.exe',
    '\\xff<',
    '__proto__',
  ]) {
    assert.ok(shown.includes(text), text);
  }
  const everything = await page.evaluate('document.body.innerText + document.title');
  assert.doesNotMatch(String(everything), /[\u202a-\u202e\u2028\u2029]/);
  assert.equal(await textOf(page, 'h1'), PAYLOADS[0]);
  await page.close();
});

safetyTest('the policy holds: a script or a style that somebody adds does nothing', async () => {
  const { page, trouble } = await open(browser, timelineOf(life(1, 9, [0, 10], 'sh')));
  await page.evaluate(() => {
    const script = document.createElement('script');
    try {
      script.textContent = 'window.ran = 1';
    } catch {}
    document.body.append(script);
    const style = document.createElement('style');
    style.textContent = 'body { display: none }';
    document.head.append(style);
  });
  assert.equal(await page.evaluate('window.ran'), undefined);
  assert.equal(await page.$eval('body', (body) => getComputedStyle(body).display), 'block');
  const fetched = await page.evaluate(() =>
    fetch('https://example.com').then(
      () => 'fetched',
      () => 'refused',
    ),
  );
  assert.equal(fetched, 'refused');
  assert.ok(
    trouble.some((text) => /Content Security Policy/.test(text)),
    trouble.join('\n'),
  );
  await page.close();
});

safetyTest('100,000 processes are all there, can be unfolded, zoomed, moved and filtered', async () => {
  const timeline = timelineOf(manyLives(100_000));
  const { page, trouble } = await open(browser, timeline);
  assert.match(await textOf(page, '.figures'), /\n100,000\n|^100,000\n/m);
  await page.select('.tools select[data-of=fold]', 'none');
  await painted(page);
  const { x, y, width } = await placeOf(page, 'canvas.bars');
  await page.mouse.move(x + width / 2, y + 60);
  for (let i = 0; i < 25; i++) await page.mouse.wheel({ deltaY: -300 });
  await page.mouse.down();
  await page.mouse.move(x + width / 4, y + 60, { steps: 10 });
  await page.mouse.up();
  await page.type('input[type=search]', 'file77\\.c$');
  await painted(page);
  assert.equal(await textOf(page, '.found'), '2 of 100,000');
  await page.keyboard.press('Escape');
  await page.focus('canvas.bars');
  await page.keyboard.press('n');
  assert.match(await textOf(page, '.details'), /src\/module77\/file77\.c/);
  assert.deepEqual(trouble, []);
  await page.close();
});
