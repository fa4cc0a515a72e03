/** Finite tables for people: summaries, lists. The only importer of cli-table3, which lays out a whole table at once. */
import Table from 'cli-table3';

/** Columns without lines or colour, which the library would also send into a pipe. */
type Align = 'left' | 'right';

export function plainTable(head: string[], alignments?: Align[]): InstanceType<typeof Table> {
  const none = '';
  const chars = {
    top: none,
    'top-mid': none,
    'top-left': none,
    'top-right': none,
    bottom: none,
    'bottom-mid': none,
    'bottom-left': none,
    'bottom-right': none,
    left: none,
    'left-mid': none,
    mid: none,
    'mid-mid': none,
    right: none,
    'right-mid': none,
    middle: '  ',
  };
  const aligns = alignments ?? head.map((_, i): Align => (i === 0 ? 'left' : 'right'));
  return new Table({
    head,
    chars,
    colAligns: aligns,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
}
