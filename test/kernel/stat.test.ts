/** `procwatch stat` on a real terminal (tmux) and on the real kernel: what it shows, its keys, its size, and what it leaves behind. */
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { after } from 'node:test';
import { fixture, scratch } from './support/fixtures.ts';
import { register } from './support/leftovers.ts';
import { run } from './support/process.ts';
import { kernelTest } from './support/requirements.ts';
import { BIN, runToEnd, until } from './support/watcher.ts';

const NEEDS = ['connector', 'compiler', 'tmux'] as const;
const SOCKET = `procwatch-test-${process.pid}`;
const PROMPT = 'the shell is here';

function tmux(...args: readonly string[]): string {
  return execFileSync('tmux', ['-L', SOCKET, '-f', '/dev/null', ...args], { encoding: 'utf8', cwd: '/' });
}

after(() => spawnSync('tmux', ['-L', SOCKET, 'kill-server'], { stdio: 'ignore' }));

/** A shell in a window; `stat` is started in it as a user would. */
class Window {
  private static count = 0;
  private readonly name = `w${Window.count++}`;

  constructor(width = 110, height = 20) {
    const size = ['-x', String(width), '-y', String(height)];
    const env = ['-e', 'PS1=', '-e', 'TERM=screen-256color'];
    tmux('new-session', '-d', '-s', this.name, ...size, ...env, `echo ${PROMPT}; exec sh`);
  }

  type(...keys: readonly string[]): void {
    tmux('send-keys', '-t', this.name, ...keys);
  }

  async start(...args: readonly string[]): Promise<void> {
    await this.shows(new RegExp(PROMPT));
    this.type(`${process.execPath} ${BIN} stat ${args.join(' ')}; echo "ended with $?"`, 'Enter');
  }

  /** What is on the screen; with `-e` also its colours. */
  screen(...flags: readonly string[]): string {
    return tmux('capture-pane', '-p', ...flags, '-t', this.name);
  }

  ask(format: string): string {
    return tmux('display-message', '-p', '-t', this.name, format).trim();
  }

  resize(width: number, height: number): void {
    tmux('resize-window', '-t', this.name, '-x', String(width), '-y', String(height));
  }

  async shows(text: RegExp, ...flags: readonly string[]): Promise<string> {
    const look = (): string | undefined => {
      const screen = this.screen(...flags);
      return text.test(screen) ? screen : undefined;
    };
    return until(`the screen shows ${text}`, look).catch((error: Error) => {
      throw new Error(`${error.message}\n${this.screen()}`);
    });
  }

  /** The shell's screen is back as it was, with its cursor and its line discipline. */
  async isRestored(ending: string): Promise<void> {
    const screen = await this.shows(new RegExp(`${ending}$`, 'm'));
    // A window that was resized meanwhile may have kept something before it, which is tmux's doing.
    assert.match(screen, new RegExp(`${PROMPT}$`, 'm'));
    assert.equal(this.ask('#{alternate_on} #{cursor_flag} #{wrap_flag}'), '0 1 1');
    this.type('stty -a', 'Enter');
    assert.match(await this.shows(/\bi?exten\b/), /(?<!-)\bicanon\b[\s\S]*(?<!-)\becho\b/);
  }

  get statPid(): number {
    const children = execFileSync('ps', ['-o', 'pid=', '--ppid', this.ask('#{pane_pid}')], { encoding: 'utf8' });
    return Number(children.trim().split('\n')[0]);
  }
}

kernelTest('the picture shows who forks, is sorted by keys, and q gives the terminal back', NEEDS, async () => {
  const window = new Window();
  await window.start();
  await window.shows(/^COMMAND +FORKS/m);
  assert.equal(window.ask('#{alternate_on} #{cursor_flag}'), '1 0');
  await run(fixture('storm'), ['forks', '300']);
  await window.shows(/^storm +30\d /m);
  const bold = (head: string): RegExp => new RegExp(`\\x1b\\[[0-9;]*1m(?:\\x1b\\[[0-9;]*m)* *${head}`);
  await window.shows(bold('FORKS'), '-e');
  window.type('x');
  await window.shows(bold('EXITS'), '-e');
  window.type('q');
  await window.isRestored('ended with 0');
});

kernelTest('a window that changes its size is drawn in its own size', NEEDS, async () => {
  const window = new Window(120, 20);
  await window.start();
  await window.shows(/FORKS BY SECOND/);
  window.resize(50, 8);
  await window.shows(/^COMMAND +FORKS +\/S +EXECS +EXITS *$/m);
  const lines = window.screen().trimEnd().split('\n');
  assert.equal(lines.filter((line) => line.startsWith('procwatch stat')).length, 1);
  assert.ok(lines.length <= 8);
  window.resize(140, 30);
  await window.shows(/FORKS BY SECOND/);
  window.type('q');
  await window.isRestored('ended with 0');
});

for (const [how, end, ending] of [
  ['Ctrl-C', (window: Window) => window.type('C-c'), 'ended with 0'],
  ['SIGINT', (window: Window) => process.kill(window.statPid, 'SIGINT'), 'ended with 0'],
  ['SIGTERM', (window: Window) => process.kill(window.statPid, 'SIGTERM'), 'ended with 143'],
  ['SIGHUP', (window: Window) => process.kill(window.statPid, 'SIGHUP'), 'ended with 129'],
] as const) {
  kernelTest(`${how} gives the terminal back`, NEEDS, async () => {
    const window = new Window();
    await window.start();
    await window.shows(/^COMMAND +FORKS/m);
    end(window);
    await window.isRestored(ending);
  });
}

kernelTest('Ctrl-Z stops it, the shell has its terminal, and fg draws the picture again', NEEDS, async () => {
  const window = new Window();
  // Only a shell that controls jobs can continue what was stopped.
  window.type('set -m', 'Enter');
  await window.start();
  await window.shows(/^COMMAND +FORKS/m);
  window.type('C-z');
  await until('the alternate screen is left', () => window.ask('#{alternate_on}') === '0');
  window.type('echo "the shell $((20 + 22))"', 'Enter');
  await window.shows(/^the shell 42$/m);
  window.type('fg', 'Enter');
  await window.shows(/^COMMAND +FORKS/m);
  window.type('q');
  await until('the alternate screen is left', () => window.ask('#{alternate_on}') === '0');
});

kernelTest('names with escape sequences do nothing to the terminal', NEEDS, async () => {
  const evil = join(scratch(), '\x1b[2J\x1b[31mEVI');
  copyFileSync('/bin/true', evil);
  const window = new Window();
  await window.start();
  await window.shows(/^COMMAND +FORKS/m);
  for (let i = 0; i < 20; i++) await run(evil, []);
  const screen = await window.shows(/^\\x1b\[2J\\x1b\[31mEVI /m);
  assert.match(screen, /^procwatch stat/);
  assert.doesNotMatch(window.screen('-e'), /\x1b\[31m\s*EVI/);
  window.type('q');
  await window.isRestored('ended with 0');
});

kernelTest('into a pipe it is one table after the time given, or one JSON object a row', ['connector'], async () => {
  const table = runToEnd(['stat', '-d', '500ms']);
  assert.match(table.stdout, /^COMMAND +FORKS +FORKS\/S/);
  assert.match(table.stdout, /^all +\d+/m);
  assert.match(table.stdout, /^lost: \d+/m);
  assert.equal(table.stdout.includes('\x1b'), false);
  const json = runToEnd(['stat', '--json', '-d', '500ms', '--by', 'exe']);
  for (const line of json.stdout.trimEnd().split('\n').filter(Boolean)) {
    assert.equal(typeof JSON.parse(line).forks, 'number');
  }
});

kernelTest('--pid and --tree end with the last process they mean', NEEDS, async () => {
  for (const flag of ['--pid', '--tree']) {
    const { pid } = register(spawn('sleep', ['3'], { stdio: 'ignore' }));
    const prefix = ['timeout', '30'];
    const { status, stderr } = runToEnd(['stat', '--json', flag, String(pid), '-d', '10m'], { prefix });
    assert.equal(status, 0, stderr);
  }
});

kernelTest('the selection of watch selects what is counted', NEEDS, async () => {
  const storm = run(fixture('storm'), ['forks', '20000']);
  const { stdout } = runToEnd(['stat', '--json', '-d', '1s', '--name', 'no such name']);
  assert.equal(stdout, '');
  await storm;
});
