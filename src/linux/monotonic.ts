/** Milliseconds on the monotonic clock. Not performance.now(): Node loads all of its measuring for that. */
export function monotonicMs(): number {
  const [seconds, nanos] = process.hrtime();
  return seconds * 1000 + nanos / 1e6;
}
