/**
 * What each tool told, read from its output. Owns the formats of the tools; pure, a line at a time.
 *
 * An event is one event of the kernel, however many lines a tool makes of it. It is of the load when the load made it: as the
 * parent of a process, or as the process of a thread.
 */

export interface Tally {
  /** Events told. */
  readonly events: number;
  /** Those of the load. */
  readonly ofLoad: number;
  /** What the tool says of losses, if anything. */
  readonly losses: number | undefined;
  /** What it counts: ` overruns`. */
  readonly lossUnit: string;
}

export interface Told {
  take(line: string): void;
  tally(): Tally;
}

/** A line of a command that the tool saw start. */
export interface Command {
  readonly pid: number;
  readonly text: string;
}

interface Row {
  readonly event: string;
  readonly pid: number;
  readonly ppid?: number;
  readonly count?: number;
  readonly thread?: boolean;
  readonly args?: readonly string[];
  readonly exe?: string;
  readonly cwd?: string;
}

const NOT_EVENTS: ReadonlySet<string> = new Set(['start', 'end', 'lost', 'found']);

export function procwatchTold(parents: ReadonlySet<number>): Told {
  let events = 0;
  let ofLoad = 0;
  let lost = 0;
  return {
    take(line) {
      const { event, pid, ppid, count, thread } = JSON.parse(line) as Row;
      if (event === 'lost') lost += count ?? 0;
      if (NOT_EVENTS.has(event)) return;
      events++;
      const maker = event === 'clone' || thread ? pid : (ppid ?? 0);
      if (parents.has(maker)) ofLoad++;
    },
    tally: () => ({ events, ofLoad, losses: lost, lossUnit: ' events' }),
  };
}

/** Pretty lines and lines of the table both begin with time, event, pid and parent. */
export function shownTold(parents: ReadonlySet<number>): Told {
  let events = 0;
  let ofLoad = 0;
  let lost = 0;
  return {
    take(line) {
      lost += Number(/^\S+ +lost +([\d,]+)/.exec(line)?.[1].replaceAll(',', '') ?? 0);
      const [, ppid] = /^\S+ +(?:fork|exec|exit) +\d+ *(\d*)/.exec(line) ?? [];
      if (ppid === undefined) return;
      events++;
      if (parents.has(Number(ppid))) ofLoad++;
    },
    tally: () => ({ events, ofLoad, losses: lost, lossUnit: ' events' }),
  };
}

/**
 * Two lines for each birth, the parent's first. In its favour, births whose parent it could not name (0), and programs and ends of what
 * it did not tell the birth of, count as the load's.
 */
export function forkstatTold(parents: ReadonlySet<number>): Told {
  let events = 0;
  let ofLoad = 0;
  let complaints = 0;
  let parent = 0;
  let hasBegun = false;
  const isOfLoad = new Map<string, boolean>();
  return {
    take(line) {
      const [, event, pid, info] = line.split(/\s+/, 4);
      if (event === 'recv') complaints++;
      if (event === 'fork' || event === 'clone') {
        if (info === 'parent') parent = Number(pid);
        else {
          events++;
          const isOurs = parents.has(parent) || parent === 0;
          isOfLoad.set(pid, isOurs);
          if (isOurs) {
            ofLoad++;
            hasBegun = true;
          }
        }
      } else if (event === 'exit') {
        events++;
        if (hasBegun && isOfLoad.get(pid) !== false) ofLoad++;
        isOfLoad.delete(pid);
      } else if (/^\d+$/.test(pid ?? '')) {
        events++;
        if (event === 'exec' && hasBegun && isOfLoad.get(pid) !== false) ofLoad++;
      }
    },
    tally: () => ({ events, ofLoad, losses: complaints, lossUnit: ' overruns of unknown size' }),
  };
}

/** `PID+ COMMAND` for an exec, `PID- ...` for an exit; forks and threads are not told. */
export function extraceTold(): Told {
  let events = 0;
  return {
    take(line) {
      if (/^ *\d+[+-]? /.test(line)) events++;
    },
    tally: () => ({ events, ofLoad: 0, losses: undefined, lossUnit: '' }),
  };
}

/** execsnoop and exitsnoop together: after the name, 16 wide, pid and parent. Forks are not told. */
export function snoopsTold(parents: ReadonlySet<number>): Told {
  let events = 0;
  let ofLoad = 0;
  return {
    take(line) {
      const [, ppid] = /^.{16} +\d+ +(\d+) +-?\d/.exec(line) ?? [];
      if (ppid === undefined) return;
      events++;
      if (parents.has(Number(ppid))) ofLoad++;
    },
    tally: () => ({ events, ofLoad, losses: undefined, lossUnit: '' }),
  };
}

interface ReaderReport {
  readonly events: number;
  readonly drops: number;
  readonly p50_us: number;
  readonly p99_us: number;
  readonly of: Readonly<Record<string, number>>;
}

export const readReport = (line: string): ReaderReport => JSON.parse(line) as ReaderReport;

export function readerTold(parents: ReadonlySet<number>): Told {
  let report: ReaderReport | undefined;
  return {
    take(line) {
      report = readReport(line);
    },
    tally() {
      const made = Object.entries(report?.of ?? {}).filter(([pid]) => parents.has(Number(pid)));
      const ofLoad = made.reduce((sum, [, count]) => sum + count, 0);
      return { events: report?.events ?? 0, ofLoad, losses: report?.drops ?? 0, lossUnit: ' events' };
    },
  };
}

/** The command line of each exec that a tool told, as it shows it. */
export const COMMANDS = {
  procwatch(line: string): Command | undefined {
    const { event, pid, args } = JSON.parse(line) as Row;
    return event === 'exec' ? { pid, text: args?.join(' ') ?? '' } : undefined;
  },
  forkstat(line: string): Command | undefined {
    const found = /^\S+ exec +(\d+) +(.*)$/.exec(line);
    return found ? { pid: Number(found[1]), text: found[2].trim() } : undefined;
  },
  extrace(line: string): Command | undefined {
    const found = /^ *(\d+)\+? (.*)$/.exec(line);
    return found ? { pid: Number(found[1]), text: found[2].trim() } : undefined;
  },
  execsnoop(line: string): Command | undefined {
    const found = /^\S+ +(\d+) +\d+ +-?\d+ +(.*)$/.exec(line);
    return found ? { pid: Number(found[1]), text: found[2].trim() } : undefined;
  },
} as const satisfies Record<string, (line: string) => Command | undefined>;

/** Path of the program and directory of each exec, as far as a tool tells them. */
export interface Place {
  readonly pid: number;
  readonly exe: string;
  readonly cwd: string;
}

export const PLACES = {
  procwatch(line: string): Place | undefined {
    const { event, pid, exe = '', cwd = '' } = JSON.parse(line) as Row;
    return event === 'exec' ? { pid, exe, cwd } : undefined;
  },
  /** With -d and -l. */
  extrace(line: string): Place | undefined {
    const found = /^ *(\d+)\+? (\S+) % (\S+)/.exec(line);
    return found ? { pid: Number(found[1]), cwd: found[2], exe: found[3] } : undefined;
  },
} as const satisfies Record<string, (line: string) => Place | undefined>;

const endsWithOwn = (text: string, own: string): boolean => text.split(' ').at(-1) === own;
export const isOwn = (text: string, own: string): boolean => text === own;

/** How many of the expected commands were told with their own argument (or path), and with another one. */
export function judge(
  commands: Iterable<Command>,
  expected: ReadonlyMap<number, string>,
  isRight = endsWithOwn,
): { right: number; wrong: number } {
  const told = new Map<number, string[]>();
  for (const { pid, text } of commands) {
    if (expected.has(pid)) told.set(pid, [...(told.get(pid) ?? []), text]);
  }
  let right = 0;
  let wrong = 0;
  for (const [pid, texts] of told) {
    const own = expected.get(pid) ?? '';
    if (texts.some((text) => isRight(text, own))) right++;
    else if (texts.some((text) => text !== '' && !/^(''|-|<.*>)$/.test(text))) wrong++;
  }
  return { right, wrong };
}
