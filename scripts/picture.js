// Writes docs/timeline.png, the picture of the README: the recorded build in test/docs/build.jsonl as procwatch draws it, seen by Debian's
// chromium. `node scripts/picture.js` after a change of the page.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import puppeteer from 'puppeteer-core';

const root = fileURLToPath(new URL('..', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'procwatch-picture-'));
const drawn = join(directory, 'build.html');
const WIDTH = 1280;

const args = ['bin/procwatch.js', 'timeline', '-r', 'test/docs/build.jsonl', '-o', drawn];
const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
if (status !== 0) process.exit(status ?? 1);

const browser = await puppeteer.launch({
  executablePath: '/usr/bin/chromium',
  headless: true,
  userDataDir: join(directory, 'profile'),
  args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-sync'],
});
const page = await browser.newPage();
await page.setViewport({ width: WIDTH, height: 900 });
await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'light' }]);
await page.goto(pathToFileURL(drawn).href);
await page.waitForSelector('#page[data-ready]');
await page.evaluate(() => {
  document.title = 'procwatch timeline';
  document.querySelector('.keys').remove();
});
const { y, height } = await (await page.$('.picture')).boundingBox();
await page.screenshot({
  path: `${root}docs/timeline.png`,
  clip: { x: 0, y: 0, width: WIDTH, height: Math.round(y + height + 14) },
});
await browser.close();
rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
