/** What `procwatch run` draws and says at its end of all that it heard: the file of --timeline, and the findings of --summary. */

import { shellLine } from '../format/escape.ts';
import { utcTime } from '../format/times.ts';
import type { Host, Kernel } from '../host/host.ts';
import { plus } from '../process/moment.ts';
import type { StreamRecord } from '../process/record.ts';
import type { Collector } from '../timeline/collector.ts';
import type { Drawing } from '../timeline/drawing.ts';
import { DrawnFile } from './drawn-file.ts';

export interface TimelineWish {
  readonly file: string | undefined;
  readonly opens: boolean;
  /** The findings are wanted in words. */
  readonly words: boolean;
  /** What the timeline is called. */
  readonly title: readonly string[];
}

export class RunTimeline {
  private readonly host: Host;
  private readonly kernel: Kernel;
  private readonly wish: TimelineWish;
  private readonly collector: Collector;
  private readonly file: DrawnFile | undefined;
  private finished: Promise<Drawing> | undefined;

  private constructor(host: Host, kernel: Kernel, wish: TimelineWish, collector: Collector) {
    this.host = host;
    this.kernel = kernel;
    this.wish = wish;
    this.collector = collector;
    this.file = wish.file === undefined ? undefined : new DrawnFile(host, wish.file);
  }

  /** Undefined where nothing of it is wanted. The file is opened now, as the user that the command runs as. */
  static async open(host: Host, kernel: Kernel, wish: TimelineWish): Promise<RunTimeline | undefined> {
    if (wish.file === undefined && !wish.words) return undefined;
    const { collectorOf } = await import('../timeline/drawing.ts');
    return new RunTimeline(host, kernel, wish, collectorOf({ userName: (uid) => kernel.users.name(uid) }));
  }

  take(records: readonly StreamRecord[]): void {
    this.collector.take(records);
  }

  conclude(pid: number, waitStatus: number | undefined): void {
    this.collector.conclude(pid, waitStatus);
  }

  /** The command could not be started. */
  abandon(): void {
    this.file?.abandon();
  }

  private drawing(): Promise<Drawing> {
    this.finished ??= this.finish();
    return this.finished;
  }

  private async finish(): Promise<Drawing> {
    const { drawingOf } = await import('../timeline/drawing.ts');
    const { host: name, kernel, cpus } = this.host.identity();
    const origin = this.collector.began;
    const began = origin && utcTime(plus(origin, this.kernel.clocks().wallOffset));
    const facts = { host: name, kernel, cpus, ...(began !== undefined && { began }) };
    return drawingOf(this.collector, shellLine(this.wish.title), facts);
  }

  /** In words, with an empty line before them. */
  async words(width: number | undefined): Promise<string> {
    return this.wish.words ? `\n${(await this.drawing()).text(width)}` : '';
  }

  async draw({ quiet }: { readonly quiet: boolean }): Promise<void> {
    const { file } = this;
    if (file === undefined) return;
    const drawing = await this.drawing();
    if (!(await file.draw(drawing))) return;
    if (!quiet) file.say(drawing);
    if (this.wish.opens) await file.show();
  }
}
