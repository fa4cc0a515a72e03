/** What a program asks of a watch, and what it gets: the types of the library beside the records themselves. */
import type { CauseName } from '../cause/causes.ts';
import type { JsonRecord } from '../format/json-records.ts';
import type { EventName } from '../netlink/events.ts';
import type { StreamSource } from '../process/stream-sources.ts';

type OneOrMore<T> = T | readonly T[];

/** The options of `procwatch watch`, by the same rules: different kinds must all match, several of one kind are alternatives. */
export interface WatchRequest {
  /** Kinds of events, `all` for every kind but exec-failed; fork, exec and exit unless given. */
  readonly events?: OneOrMore<EventName | 'all'>;
  /** Also events of threads that do not lead their process. */
  readonly threads?: boolean;
  /** With exec-failed: each place of PATH that was tried. */
  readonly everyTry?: boolean;
  /** One record for each process life, at its end. */
  readonly lives?: boolean;
  readonly pid?: OneOrMore<number>;
  readonly notPid?: OneOrMore<number>;
  /** These processes and all their descendants. */
  readonly tree?: OneOrMore<number>;
  readonly notTree?: OneOrMore<number>;
  /** `pid` and `tree` also mean whoever gets the number next, and the watch does not end with the last of them. */
  readonly followReuse?: boolean;
  /** Effective users, by name or number. */
  readonly user?: OneOrMore<string | number>;
  readonly notUser?: OneOrMore<string | number>;
  /** Globs over comm and the base names of program and first argument. */
  readonly name?: OneOrMore<string>;
  readonly notName?: OneOrMore<string>;
  /** Regular expressions (RE2 syntax) over the command line. */
  readonly grep?: OneOrMore<string>;
  readonly notGrep?: OneOrMore<string>;
  /** Globs over the path of the control group. */
  readonly cgroup?: OneOrMore<string>;
  readonly notCgroup?: OneOrMore<string>;
  /** Exit codes. */
  readonly code?: OneOrMore<number>;
  readonly notCode?: OneOrMore<number>;
  /** Signals that ended the process, by name or number (--signal of the command line). */
  readonly killedBy?: OneOrMore<string | number>;
  readonly notKilledBy?: OneOrMore<string | number>;
  /** Causes of ends. */
  readonly cause?: OneOrMore<CauseName>;
  readonly notCause?: OneOrMore<CauseName>;
  /** Who sent the signal that ended the process, by glob over its name or by pid (--killed-by of the command line). */
  readonly killer?: OneOrMore<string | number>;
  readonly notKiller?: OneOrMore<string | number>;
  /** Also cgroup, container_id and unit. */
  readonly full?: boolean;
  /** Also the chain of parents. */
  readonly ancestry?: boolean;
  /** Never read, keep or tell arguments, which may hold secrets. */
  readonly noArgs?: boolean;
  /** What is replaced in every text: regular expressions (RE2 syntax), or `secrets` for what usually is secret. */
  readonly redact?: OneOrMore<string>;
  /** Bytes of arguments that are told of a process, as on the command line (`4K`); 128 KiB unless given. */
  readonly maxArgs?: number | string;
  /** Bytes of the kernel's queue for us; 64 MiB or what the kernel grants, unless given. */
  readonly buffer?: number;
  /** How long an event may wait for others, in milliseconds or as on the command line (`2s`), where nothing is lost by that; 100 ms unless given. */
  readonly latency?: number | string;
  /** Where events come from: the proc connector, and programs in the kernel (`bpf`) where there is none, unless one of them is named. */
  readonly source?: 'auto' | StreamSource;
  /** Reads recordings instead of watching: files of JSON Lines, compressed or not, merged in the order of time. Nothing is asked of the kernel. */
  readonly read?: OneOrMore<string>;
  /** Of a recording only what happened then or later, and then or earlier: `03:00`, a date, or `-2h` before its end. */
  readonly since?: string;
  readonly until?: string;
  /** Records that may wait for the iterating program before others are dropped, and counted; 65,536 unless given. */
  readonly queue?: number;
  /** Ends the watch: what was heard until then still comes, then the iteration ends. */
  readonly signal?: AbortSignal;
}

/** A running watch. It can be iterated once; leaving the loop ends it. */
export interface Watch extends AsyncIterableIterator<JsonRecord, undefined> {
  /** Resolves once nothing is missed any more; rejects where that cannot be, as the iteration does. */
  readonly started: Promise<void>;
}
