/** Where the lines of a recording come from: a file, stdin, or somebody who delivers them. What is read knows nothing else of it. */

export interface LineSource {
  /** What messages call it. Foreign. */
  readonly name: string;
  /** Which boot of this machine the lines of the last piece are about, where the source knows it and the lines do not say. */
  readonly bootOf?: (host: string) => string | undefined;
  /**
   * JSON Lines as bytes, in pieces that may end anywhere; compressed ones are unpacked by then. To be read once. A piece is the source's
   * again when the next one is asked for. Errors are Failures that say what could not be read.
   */
  readonly pieces: AsyncIterable<Uint8Array>;
}

/** A piece that is this very one: another file begins after it, whatever the one before ended with. */
export const SEAM: Uint8Array = new Uint8Array(0);
