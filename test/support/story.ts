/**
 * A story of processes told to the enrich stage: datagrams as the kernel would send them go through the real decoder, selection and
 * tracker, with a scripted /proc beside them that is looked at; records come out.
 */
import { readOptions, type Typed, WATCH_OPTIONS } from '../../src/commands/options.ts';
import { planWatch } from '../../src/commands/plan.ts';
import { ProcLooks } from '../../src/looks/proc-looks.ts';
import { ReadSubjects } from '../../src/looks/read-subjects.ts';
import { decode } from '../../src/netlink/decode.ts';
import type { WireEvent } from '../../src/netlink/events.ts';
import { type Hearing, hears, hearsWholeLives } from '../../src/netlink/filter.ts';
import { HeardSubjects } from '../../src/process/heard-subjects.ts';
import type { Moment } from '../../src/process/moment.ts';
import { inTimeOrder } from '../../src/process/order.ts';
import type { ProcessRecord } from '../../src/process/record.ts';
import { SELECT_ALL, type Selection, Selector } from '../../src/process/select.ts';
import { readable } from '../../src/process/text.ts';
import { Tracker } from '../../src/process/tracker.ts';
import { at } from './datagrams.ts';
import { ScriptedReader } from './scripted-reader.ts';

/** The event in a datagram of the kernel. */
export function eventIn(bytes: Uint8Array): WireEvent {
  const message = decode(new Uint32Array(bytes.slice().buffer), 0, bytes.length, 0);
  if (typeof message === 'string' || message.kind === 'ack') throw new Error('not an event');
  return message;
}

const momentAt = (ms: number): Moment => {
  const ns = at(ms);
  return { seconds: Number(ns / 1_000_000_000n), nanos: Number(ns % 1_000_000_000n) };
};

export class Story {
  readonly reader = new ScriptedReader();
  readonly tracker: Tracker;
  /** Milliseconds after T0; reads of /proc happen now. */
  clock = 1000;
  private readonly witness: ProcLooks;
  private readonly plan;

  /** @param heard what is heard, if not what the plan wants */
  constructor(typed: Typed = {}, selection: Partial<Selection> = {}, heard?: Hearing) {
    const plan = planWatch(readOptions(WATCH_OPTIONS, typed), { env: {}, isTerminal: false });
    this.plan = { ...plan, hearing: heard ?? plan.hearing };
    const { hearing, extras, needsCgroup } = this.plan;
    const { reader } = this;
    const whole = hearsWholeLives(hearing);
    const tells = { everyEnd: hearing.scopes.has('exit') && !hearing.onlyFailures, execs: hearing.scopes.has('exec') };
    const subjects = whole ? new HeardSubjects(reader, needsCgroup) : new ReadSubjects(reader, tells);
    this.witness = new ProcLooks({
      hearing,
      hearsWholeLives: whole,
      reader,
      now: () => momentAt(this.clock),
      startOf: (pid) => subjects.table.living(pid)?.start,
      bootOffset: () => ({ seconds: 0, nanos: 0 }),
      proof: 'args',
    });
    const chosen = { ...SELECT_ALL, ...selection };
    const options = {
      ...this.plan,
      reader,
      subjects,
      clocks: () => ({
        monotonic: momentAt(this.clock),
        wallOffset: { seconds: 0, nanos: 0 },
        bootOffset: { seconds: 0, nanos: 0 },
      }),
      wants: { ancestry: extras.has('ancestry'), cgroup: needsCgroup },
      selector: new Selector(chosen),
      treeRoots: [...chosen.tree.wanted, ...chosen.tree.unwanted],
    };
    this.tracker = new Tracker(options, this.witness);
  }

  /** Everything in /proc now is there at the start. */
  begin(): this {
    const facts = this.reader.pids().flatMap((pid) => {
      const found = this.reader.facts(pid);
      return found === undefined ? [] : [[pid, found] as const];
    });
    this.tracker.seed(new Map(facts));
    this.reader.imagesRead.length = 0;
    return this;
  }

  private heard(datagrams: readonly Uint8Array[]): WireEvent[] {
    return inTimeOrder(datagrams.map(eventIn).filter((event) => hears(this.plan.hearing, event)));
  }

  /** One batch. */
  hear(...datagrams: readonly Uint8Array[]): ProcessRecord[] {
    return this.hearThen(datagrams, []);
  }

  /** One batch, with what was queued by the time its images had been read. */
  hearThen(datagrams: readonly Uint8Array[], next: readonly Uint8Array[]): ProcessRecord[] {
    const events = this.heard(datagrams);
    const later = this.heard(next);
    this.attend(events);
    this.witness.heed(later);
    const records = this.tracker.track(events);
    if (later.length === 0) return records;
    this.attend(later);
    return [...records, ...this.tracker.track(later)];
  }

  private attend(events: WireEvent[]): void {
    const batch = { events, at: momentAt(this.clock), full: false };
    this.witness.attend(batch, ({ tgid }) => this.tracker.mayShow(tgid));
  }

  /** Ends that are still open. */
  get unsettled(): number {
    return this.witness.unsettled;
  }

  /** The looks that time brings without any event. */
  settle(): ProcessRecord[] {
    return [1, 2, 3].flatMap(() => this.tracker.settle());
  }

  /** After a loss: the table against /proc as it is now. */
  reconcile(): ProcessRecord[] {
    const stats = this.reader.pids().flatMap((pid) => {
      const stat = this.reader.stat(pid);
      return stat === undefined ? [] : [[pid, stat] as const];
    });
    return this.tracker.reconcile(new Map(stats), momentAt(this.clock));
  }
}

/** A record in few words: `exec 10 sh`, `exit 10 sh 0x300`, `exit 10/11 sh 0x0` for a thread. */
export function brief(record: ProcessRecord): string {
  const { event, pid, tid, image, exit } = record;
  const who = tid === pid ? `${pid}` : `${pid}/${tid}`;
  const name = image.comm === undefined ? '?' : readable(image.comm);
  const status =
    exit === undefined ? '' : exit.waitStatus === undefined ? ' unknown' : ` 0x${exit.waitStatus.toString(16)}`;
  return `${event} ${who} ${name}${status}${record.inferred ? ' inferred' : ''}`;
}

export const briefs = (records: readonly ProcessRecord[]): string[] => records.map(brief);
