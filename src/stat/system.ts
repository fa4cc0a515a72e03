/** What the machine as a whole says of itself in /proc: births since boot, load. Pure. */

/** Processes and threads born since boot: the line `processes` of /proc/stat. */
export function birthsIn(stat: string): number | undefined {
  const found = /^processes (\d+)$/m.exec(stat);
  return found === null ? undefined : Number(found[1]);
}

/** The three averages of /proc/loadavg, as they stand there. */
export function loadIn(loadavg: string): string | undefined {
  return /^[\d.]+ [\d.]+ [\d.]+/.exec(loadavg)?.[0];
}
