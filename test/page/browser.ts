/** A real browser for the page: Debian's chromium without a window, a profile of its own, and nothing that could reach out. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import puppeteer, { type Browser, type Page } from 'puppeteer-core';
import { findingsOf } from '../../src/timeline/findings.ts';
import { writeHtml } from '../../src/timeline/html.ts';
import type { Timeline } from '../../src/timeline/life.ts';
import { pageCode } from '../../src/timeline/page-code.ts';
import { hasProgram } from '../docs/need.ts';

export const PROGRAM = 'chromium';
export const hasBrowser = (): boolean => hasProgram(PROGRAM);

const directory = mkdtempSync(join(tmpdir(), 'procwatch-page-'));
process.on('exit', () => rmSync(directory, { recursive: true, force: true, maxRetries: 3 }));

const FLAGS = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--force-color-profile=srgb',
];

export function launch(): Promise<Browser> {
  return puppeteer.launch({
    executablePath: `/usr/bin/${PROGRAM}`,
    headless: true,
    userDataDir: mkdtempSync(join(directory, 'profile-')),
    // Root has no sandbox.
    args: [...FLAGS, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
  });
}

/** What happened in a page that must not: errors, messages, and requests for anything but the file itself. */
export interface Watched {
  readonly page: Page;
  readonly trouble: string[];
}

export const WIDTH = 1200;

export async function blankPage(browser: Browser, width = WIDTH): Promise<Watched> {
  const page = await browser.newPage();
  const trouble: string[] = [];
  page.on('pageerror', (error) => trouble.push(String(error)));
  // What the tests themselves read from a canvas is no trouble of the page.
  page.on('console', (message) => {
    if (!message.text().startsWith('Canvas2D: Multiple readback')) trouble.push(message.text());
  });
  page.on('dialog', (dialog) => {
    trouble.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    if (!request.url().startsWith('file:')) trouble.push(`request: ${request.url()}`);
  });
  await page.setViewport({ width, height: 900 });
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'light' }]);
  return { page, trouble };
}

let files = 0;

export function fileOf(timeline: Timeline): string {
  const path = join(directory, `${++files}.html`);
  const code = pageCode((file) => readFileSync(file, 'utf8'));
  writeFileSync(path, writeHtml(timeline, findingsOf(timeline), code), { mode: 0o600 });
  return path;
}

/** Waits until everything that was asked for is painted. */
export function painted(page: Page): Promise<void> {
  return page.evaluate(
    () => new Promise<void>((done) => requestAnimationFrame(() => requestAnimationFrame(() => done()))),
  );
}

export async function openFile(page: Page, path: string): Promise<void> {
  await page.goto(pathToFileURL(path).href);
  await page.waitForSelector('#page[data-ready]', { timeout: 60_000 });
  await painted(page);
}

export async function open(browser: Browser, timeline: Timeline, width = WIDTH): Promise<Watched> {
  const watched = await blankPage(browser, width);
  await openFile(watched.page, fileOf(timeline));
  return watched;
}
