/** An image source that the kernel itself fills, whoever provides it: nothing to read, and nothing missed unless it says so. */
import type { ImageSource } from './image-source.ts';
import type { Moment } from './moment.ts';
import type { ProcessFacts } from './proc-reader.ts';

/** An exec whose event was lost. */
export interface UnheardExec {
  readonly pid: number;
  readonly at: Moment;
  readonly facts: ProcessFacts;
}

export interface ImageCapture extends ImageSource {
  /** Execs that were not captured, since this was last asked; exact. */
  takeLost(): number;
  /** Captured execs from before this moment whose event never came, oldest first. */
  takeUnheard(before: Moment): UnheardExec[];
  close(): void;
}
