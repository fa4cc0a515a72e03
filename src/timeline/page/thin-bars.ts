/**
 * Bars of a row that are too thin for more than a colour. What shares a point is painted once, in the colour that takes most of it, and
 * what is marked is always seen.
 */

export class ThinBars {
  /** Colour, left and right of each run that is ready. */
  private readonly runs: { readonly colour: string; readonly left: number; right: number }[] = [];
  private readonly marked: number[] = [];
  private markedColour = '';
  private point = Number.NEGATIVE_INFINITY;
  /** How much of the point each colour takes. */
  private readonly shares = new Map<string, number>();

  /** In the order of time. */
  add(left: number, right: number, colour: string, isMarked: boolean): void {
    if (isMarked) {
      this.marked.push(left, right);
      this.markedColour = colour;
    }
    if (right - left >= 1) {
      this.closePoint();
      this.run(colour, left, right);
      return;
    }
    const point = Math.floor(left);
    if (point !== this.point) {
      this.closePoint();
      this.point = point;
    }
    this.shares.set(colour, (this.shares.get(colour) ?? 0) + right - left);
  }

  private closePoint(): void {
    let best: string | undefined;
    let most = -1;
    for (const [colour, share] of this.shares) {
      if (share <= most) continue;
      best = colour;
      most = share;
    }
    this.shares.clear();
    if (best !== undefined) this.run(best, this.point, this.point + 1);
  }

  /** Neighbours of one colour are one. */
  private run(colour: string, left: number, right: number): void {
    const last = this.runs[this.runs.length - 1];
    if (last !== undefined && last.colour === colour && left <= last.right && right - left <= 1) last.right = right;
    else this.runs.push({ colour, left, right });
  }

  flush(context: CanvasRenderingContext2D, y: number, height: number): void {
    this.closePoint();
    for (const { colour, left, right } of this.runs) {
      context.fillStyle = colour;
      context.fillRect(left, y, right - left > 2 ? right - left - 0.5 : right - left, height);
    }
    context.fillStyle = this.markedColour;
    for (let i = 0; i < this.marked.length; i += 2) {
      context.fillRect(this.marked[i], y, Math.max(1, this.marked[i + 1] - this.marked[i]), height);
    }
    this.runs.length = 0;
    this.marked.length = 0;
    this.point = Number.NEGATIVE_INFINITY;
  }
}
