/** What a process used, as its exit record tells it. */

/** A member that is undefined is not known. */
export interface Usage {
  readonly cpuNanos: number | undefined;
  /** Without the time since the last tick or sleep, which may be all of it, or without threads that a tracer holds. */
  readonly cpuIsLowerBound: boolean;
  readonly userMicros: number | undefined;
  readonly systemMicros: number | undefined;
  readonly maxRssKib: number | undefined;
  readonly minorFaults: number | undefined;
  readonly majorFaults: number | undefined;
  readonly readBytes: number | undefined;
  readonly writeBytes: number | undefined;
  readonly voluntarySwitches: number | undefined;
  readonly involuntarySwitches: number | undefined;
  readonly ioDelayNanos: number | undefined;
  /** Real group id. */
  readonly gid: number | undefined;
}
