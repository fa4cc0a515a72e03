/**
 * The door to all of this: the commands load it when a timeline is wanted, and nothing of it before. Collects records, and makes of them
 * the findings in words and the files of every kind.
 */
import { gzipSync } from 'node:zlib';
import { Collector, type CollectorOptions } from './collector.ts';
import type { Findings } from './findings.ts';
import { findingsOf } from './findings.ts';
import { findingsText } from './findings-text.ts';
import { type Kind, kindOf } from './kinds.ts';
import { commandOf, type MachineFacts, type Timeline } from './life.ts';
import { Machines } from './machines.ts';
import { pageCode } from './page-code.ts';

type Out = (chunk: string | Uint8Array) => void;
type Write = (drawing: Drawing, out: Out) => void;

/** What a kind needs is loaded for it alone. */
const WRITERS: Record<Kind, (readFile: (path: string) => string) => Promise<Write>> = {
  html: async (readFile) => {
    const { writeHtml } = await import('./html.ts');
    const code = pageCode(readFile);
    return ({ timeline, findings }, out) => out(writeHtml(timeline, findings, code));
  },
  perfetto: async () => {
    const { writePerfetto } = await import('./perfetto.ts');
    return ({ timeline }, out) => writePerfetto(timeline, out);
  },
  chrome: async () => {
    const { writeChromeTrace } = await import('./chrome-trace.ts');
    return ({ timeline }, out) => writeChromeTrace(timeline, out);
  },
};

export class Drawing {
  readonly timeline: Timeline;
  readonly findings: Findings;

  constructor(timeline: Timeline) {
    this.timeline = timeline;
    this.findings = findingsOf(timeline);
  }

  get processes(): number {
    return this.timeline.tally.all.count;
  }

  text(width: number | undefined): string {
    return findingsText(this.findings, width);
  }

  /** As the end of the name wants it; a page where that says nothing. */
  async write(path: string, readFile: (path: string) => string, out: Out): Promise<void> {
    const write = await WRITERS[kindOf(path) ?? 'html'](readFile);
    if (!path.endsWith('.gz')) return write(this, out);
    const parts: Uint8Array[] = [];
    write(this, (chunk) => parts.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk));
    out(gzipSync(Buffer.concat(parts)));
  }
}

export const collectorOf = (options: CollectorOptions): Collector => new Collector(options);

export function drawingOf(collector: Collector, title: string, facts: MachineFacts): Drawing {
  return new Drawing(collector.finish(title, facts));
}

export const machinesOf = (optionsFor: (boot: string) => CollectorOptions): Machines => new Machines(optionsFor);

/** Of a recording: called by the one command that all others come of, where there is one. */
export function drawingOfRecording(
  machines: Machines,
  name: string,
  facts: MachineFacts,
  nameOf: (boot: string) => string,
): Drawing {
  const timeline = machines.finish(name, facts, nameOf);
  const [root, ...others] = timeline.lives.filter(({ parent }) => parent === undefined);
  const title = root === undefined || root.unseen || others.length > 0 ? name : commandOf(root);
  return new Drawing({ ...timeline, title });
}
