/** How signals reach the command that `procwatch run` started, and ours that is to be stopped and continued with it. */
import type { Child, Host, Kernel, Signal } from '../host/host.ts';
import { isOver } from '../process/exits.ts';

/** They end us once there is no command any more to be told. */
const CUT: Partial<Record<Signal, number>> = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGTERM: 15 };

/** What is to be written by then still is, where anybody reads it. */
const LAST_WORDS_MS = 500;

/** Sent by a terminal to all in its foreground alike, the command included. */
const FROM_KEYBOARD = ['SIGINT', 'SIGQUIT', 'SIGWINCH'] as const;
/** Sent by somebody to one process; all that would end it, and that Node.js can hear without harm to itself. */
const FROM_OTHERS = [
  'SIGHUP',
  'SIGTERM',
  'SIGUSR1',
  'SIGUSR2',
  'SIGABRT',
  'SIGALRM',
  'SIGIO',
  'SIGPROF',
  'SIGPWR',
  'SIGSTKFLT',
  'SIGURG',
  'SIGVTALRM',
  'SIGXCPU',
] as const;

/**
 * Signals behave as if the command ran alone. Those of the keyboard reach it by themselves, since it shares our process group: we only
 * have to survive them. Those sent to us alone are passed on; those that came before the command was there, as soon as it is. We
 * stop when the command has stopped, whatever stopped it, so that a shell gets its terminal back exactly when it would without us.
 */
export class Signals {
  /** The number of a signal that came after the end of the command. */
  cut: number | undefined;
  onCut: () => void = () => {};
  private readonly host: Host;
  private readonly kernel: Kernel;
  private readonly early: Signal[] = [];
  private child: Child | undefined;
  private hasEnded = false;
  /** We have stopped with the command, and nobody has continued either since: what else is told of that stop is old news. */
  private hasStoppedToo = false;
  private readonly listeners: { cancel(): void }[];
  private suspension: { cancel(): void };

  constructor(host: Host, kernel: Kernel) {
    this.host = host;
    this.kernel = kernel;
    const fromKeyboard = FROM_KEYBOARD.map((signal) => this.passFromBackground(signal));
    const fromOthers = FROM_OTHERS.map((signal) => host.onSignal(signal, () => this.pass(signal)));
    this.suspension = this.passFromBackground('SIGTSTP');
    const stopped = host.onSignal('SIGCHLD', () => this.stopToo());
    const continued = host.onSignal('SIGCONT', () => {
      this.hasStoppedToo = false;
      if (this.stateOfChild() === 'stopped') this.pass('SIGCONT');
    });
    this.listeners = [...fromKeyboard, ...fromOthers, stopped, continued];
  }

  private stateOfChild(): 'stopped' | 'ended' | 'running' | 'absent' {
    if (this.child === undefined) return 'absent';
    const stat = this.hasEnded ? undefined : this.kernel.reader.stat(this.child.pid);
    if (this.hasEnded || (stat !== undefined && isOver(stat))) return 'ended';
    return stat?.state === 'T' ? 'stopped' : 'running';
  }

  private pass(signal: Signal): void {
    const state = this.stateOfChild();
    if (state === 'absent') this.early.push(signal);
    else if (state !== 'ended') this.child?.kill(signal);
    else if (signal === 'SIGTSTP') this.stop();
    else if (CUT[signal] !== undefined) {
      this.cut ??= CUT[signal];
      this.onCut();
    }
  }

  private passFromBackground(signal: Signal): { cancel(): void } {
    return this.host.onSignal(signal, () => {
      const state = this.stateOfChild();
      const hasItToo = (state === 'running' || state === 'stopped') && this.host.isForeground();
      if (!hasItToo) this.pass(signal);
    });
  }

  private stopToo(): void {
    const isStopped = this.stateOfChild() === 'stopped';
    const isNews = isStopped && !this.hasStoppedToo;
    this.hasStoppedToo = isStopped;
    if (isNews) this.stop();
  }

  private stop(): void {
    this.suspension.cancel();
    this.host.stopSelf();
    this.suspension = this.passFromBackground('SIGTSTP');
  }

  /** The command is there. It may have stopped already. */
  give(child: Child): void {
    this.child = child;
    void child.ended.then(() => {
      this.hasEnded = true;
    });
    for (const signal of this.early) child.kill(signal);
    this.stopToo();
  }

  /** Resolves with the next signal that is nobody's but ours; soon, if there was one already. */
  enough(): Promise<void> {
    return new Promise((resolve) => {
      this.onCut = resolve;
      if (this.cut !== undefined) this.host.after(LAST_WORDS_MS, resolve);
    });
  }

  release(): void {
    for (const listener of [...this.listeners, this.suspension]) listener.cancel();
  }
}
