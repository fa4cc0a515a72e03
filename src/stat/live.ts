/**
 * The live picture on a terminal: owns the alternate screen, the keys, the pace of drawing, and the way back, which is taken however the
 * program ends. What is drawn is somebody else's.
 */
import type { Host } from '../host/host.ts';
import { type Moment, secondsBetween } from '../process/moment.ts';
import { ENTER, frame, LEAVE } from './screen.ts';

type Terminal = Pick<Host, 'stdout' | 'now' | 'after' | 'onSignal' | 'atExit' | 'keys' | 'stopSelf'>;

export interface Scenery {
  draw(window: { readonly width: number; readonly height: number }): readonly string[];
  /** A key that is not one of the terminal's own. */
  onKey(key: string): void;
  onQuit(): void;
}

/** By itself, and for a key or another window at the soonest. */
const PACE_MS = { own: 500, least: 200 } as const;

const KEYS = { interrupt: '\x03', suspend: '\x1a', quit: '\x1c' } as const;
/** What a terminal sends for arrows and the like: not the letters it consists of. */
const SEQUENCES = /\x1b(?:\[[0-9;?]*[ -/]*[@-~]|O.)/g;
const QUITS: readonly string[] = ['q', 'Q', KEYS.interrupt, KEYS.quit];

export class Live {
  private readonly host: Terminal;
  private readonly scenery: Scenery;
  private listeners: { cancel(): void }[] = [];
  private keyboard: { close(): void } | undefined;
  private timer: { cancel(): void } | undefined;
  private stopSignal: { cancel(): void } | undefined;
  private lastDrawn: Moment | undefined;
  private lastSize = '';
  private isOn = false;

  constructor(host: Terminal, scenery: Scenery) {
    this.host = host;
    this.scenery = scenery;
  }

  start(): void {
    this.listeners = [
      this.host.atExit(() => this.leave()),
      this.host.onSignal('SIGWINCH', () => this.soon()),
      // Somebody else may have stopped us, and the shell has used the terminal since.
      this.host.onSignal('SIGCONT', () => this.enter()),
    ];
    this.enter();
  }

  stop(): void {
    this.leave();
    for (const listener of this.listeners.splice(0)) listener.cancel();
  }

  private enter(): void {
    this.leave();
    this.isOn = true;
    this.keyboard = this.host.keys((key) => this.take(key));
    this.stopSignal = this.host.onSignal('SIGTSTP', () => this.suspend());
    this.host.stdout.write(ENTER);
    this.lastSize = '';
    this.draw();
  }

  private leave(): void {
    if (!this.isOn) return;
    this.isOn = false;
    this.timer?.cancel();
    this.stopSignal?.cancel();
    this.keyboard?.close();
    this.host.stdout.write(LEAVE);
  }

  /** Ctrl-Z as everywhere: the terminal is the shell's until we are continued. */
  private suspend(): void {
    this.leave();
    this.host.stopSelf();
    // Runs once we are continued, or at once where nothing could have continued us.
    this.host.after(0, () => {
      if (!this.isOn && this.listeners.length > 0) this.enter();
    });
  }

  /** Those that were typed fast, or while we were busy, come together. */
  private take(keys: string): void {
    for (const key of keys.replace(SEQUENCES, '')) {
      if (key === KEYS.suspend) return this.suspend();
      if (QUITS.includes(key)) return this.scenery.onQuit();
      this.scenery.onKey(key);
    }
    this.soon();
  }

  /** Draws as soon as the pace allows. */
  private soon(): void {
    if (!this.isOn) return;
    const since = this.lastDrawn === undefined ? 0 : secondsBetween(this.lastDrawn, this.host.now()) * 1000;
    this.arm(Math.max(0, PACE_MS.least - since));
  }

  private arm(milliseconds: number): void {
    this.timer?.cancel();
    this.timer = this.host.after(milliseconds, () => this.draw());
  }

  private draw(): void {
    const { stdout } = this.host;
    const window = stdout.size();
    if (!this.isOn || window === undefined) return;
    const size = `${window.width}x${window.height}`;
    const lines = this.scenery.draw(window);
    // A terminal that does not take what it got is not sent more.
    if (stdout.pending() === 0) stdout.write(frame(lines, window.width, size !== this.lastSize));
    this.lastSize = size;
    this.lastDrawn = this.host.now();
    this.arm(PACE_MS.own);
  }
}
