/** Diagonal lines: what is unknown or lost. */

const SIZE = 6;
const patterns = new Map<string, CanvasPattern>();

export function hatch(context: CanvasRenderingContext2D, colour: string): CanvasPattern | string {
  const known = patterns.get(colour);
  if (known !== undefined) return known;
  const tile = document.createElement('canvas');
  tile.width = SIZE;
  tile.height = SIZE;
  const ink = tile.getContext('2d');
  if (ink === null) return colour;
  ink.strokeStyle = colour;
  ink.lineWidth = 1.2;
  ink.globalAlpha = 0.7;
  ink.beginPath();
  for (const shift of [-SIZE, 0, SIZE]) {
    ink.moveTo(shift, SIZE);
    ink.lineTo(shift + SIZE, 0);
  }
  ink.stroke();
  const pattern = context.createPattern(tile, 'repeat');
  if (pattern === null) return colour;
  patterns.set(colour, pattern);
  return pattern;
}
