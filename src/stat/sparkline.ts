/** A row of counts as a line of blocks, one a count: the highest fills its cell, nothing at all is blank. Pure. */

const BLOCKS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;

export function sparkline(counts: readonly number[]): string {
  const highest = Math.max(0, ...counts);
  return counts.map((count) => (count <= 0 ? ' ' : BLOCKS[Math.ceil((count / highest) * BLOCKS.length) - 1])).join('');
}
