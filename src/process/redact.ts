/**
 * Takes out of texts what must not be told, before anything else sees them: out of all that an image holds, and out of the names that a
 * record has besides. Broken text is matched in its readable form and loses its bytes where something was replaced.
 */
import type { FailedExec } from '../attempts/walks.ts';
import type { EndCause, Sender } from '../cause/end-cause.ts';
import type { EventOf } from '../netlink/events.ts';
import { changed, type Image } from './image.ts';
import type { ProcessFacts, ProcReader } from './proc-reader.ts';
import type { ProcessStat } from './procstat.ts';
import { isProcessRecord, type ProcessRecord, type StreamRecord } from './record.ts';
import { readable, type Text } from './text.ts';
import type { ProcessExit, Told, WhoNow, Witness } from './witness.ts';

export interface Redact {
  /** A text without what it must not hold. */
  text(text: string): string;
  /** The same of arguments: what one of them tells of the next is heeded. As many as there were. */
  args(args: readonly string[]): readonly string[];
}

/** What is done to every image before anybody sees it. Returns the same image where there is nothing to do. */
export type Edit = (image: Image) => Image;

export function redactText<T extends Text | undefined>(text: T, redact: Redact): T | string {
  if (text === undefined) return text;
  const before = readable(text);
  const after = redact.text(before);
  return after === before ? text : after;
}

export function redactArgs(args: readonly Text[], redact: Redact): readonly Text[] {
  const before = args.map(readable);
  const after = redact.args(before);
  return after.every((text, i) => text === before[i])
    ? args
    : args.map((text, i) => (after[i] === before[i] ? text : after[i]));
}

const TEXTS = ['comm', 'exe', 'path', 'cwd'] as const;

export function redactImage(image: Image, redact: Redact): Image {
  const { args } = image;
  const redacted = args && redactArgs(args, redact);
  const texts = TEXTS.map((name) => [name, redactText(image[name], redact)] as const);
  const isSame = redacted === args || redacted?.every((text, i) => text === args?.[i]);
  if (isSame && texts.every(([name, text]) => readable(text ?? '') === readable(image[name] ?? ''))) return image;
  return changed(image, { ...(redacted && { args: redacted }), ...Object.fromEntries(texts) });
}

const redactStat = (stat: ProcessStat, redact: Redact): ProcessStat => ({
  ...stat,
  comm: redactText(stat.comm, redact),
});

function redactSender(sender: Sender, redact: Redact): Sender {
  const { comm, args, cgroup } = sender;
  return {
    ...sender,
    comm: redactText(comm, redact),
    args: args && redactArgs(args, redact),
    cgroup: cgroup === undefined ? undefined : redact.text(cgroup),
  };
}

/** Those who sent signals, and who wanted memory. */
function redactCause(cause: EndCause, redact: Redact): EndCause {
  const { sender, asked, outOfMemory } = cause;
  return {
    ...cause,
    sender: sender && redactSender(sender, redact),
    asked: asked && { ...asked, sender: asked.sender && redactSender(asked.sender, redact) },
    outOfMemory: outOfMemory && {
      ...outOfMemory,
      trigger: { ...outOfMemory.trigger, comm: redactText(outOfMemory.trigger.comm, redact) },
    },
  };
}

function redactFailed(failed: FailedExec, redact: Redact): FailedExec {
  const { attempt } = failed;
  const { comm, path, args } = attempt;
  const told = { comm: redactText(comm, redact), path: redactText(path, redact), args: redactArgs(args, redact) };
  return { ...failed, attempt: { ...attempt, ...told } };
}

/** The names in a record that are not its image's. */
export function redactNames<R extends ProcessRecord>(record: R, redact: Redact): R {
  const { parentComm, cgroup, ancestry, exit, failed } = record;
  return {
    ...record,
    parentComm: redactText(parentComm, redact),
    cgroup: cgroup === undefined ? undefined : redact.text(cgroup),
    ancestry: ancestry?.map(({ pid, comm }) => ({ pid, comm: redactText(comm, redact) })),
    exit: exit?.cause === undefined ? exit : { ...exit, cause: redactCause(exit.cause, redact) },
    failed: failed && redactFailed(failed, redact),
  };
}

/** All texts of a record: an image may have been changed since somebody edited it, as by an event that tells a new name. */
export const redactRecord = (record: ProcessRecord, redact: Redact): ProcessRecord =>
  redactNames({ ...record, image: redactImage(record.image, redact) }, redact);

export const redactRecords = (records: readonly StreamRecord[], redact: Redact): StreamRecord[] =>
  records.map((record) => (isProcessRecord(record) ? redactRecord(record, redact) : record));

const editTold = (told: Told, edit: Edit): Told => ({ ...told, image: edit(told.image) });

function editExit(exit: ProcessExit, edit: Edit): ProcessExit {
  const { told } = exit;
  if (told === undefined) return exit;
  const { pid, last, parentTgid, status, zombie, birth } = exit;
  return { pid, last, parentTgid, status, zombie, birth, told: editTold(told, edit) };
}

const mapped = <T>(all: Map<number, T>, change: (one: T) => T): Map<number, T> =>
  new Map(Array.from(all, ([pid, one]) => [pid, change(one)]));

/** Whose images are edited. */
export function editingReader(reader: ProcReader, edit: Edit): ProcReader {
  const edited = (facts: ProcessFacts | undefined): ProcessFacts | undefined =>
    facts && { stat: facts.stat, image: edit(facts.image) };
  return {
    facts: (pid) => edited(reader.facts(pid)),
    factsAtOnce(pid) {
      const facts = reader.factsAtOnce(pid);
      return facts === 'later' ? facts : edited(facts);
    },
    factsOfAll: (pids) => mapped(reader.factsOfAll(pids), ({ stat, image }) => ({ stat, image: edit(image) })),
    links: (pid) => edited(reader.links(pid)),
    image: (pid) => edit(reader.image(pid)),
    images: (pids) => mapped(reader.images(pids), edit),
    stat: (pid) => reader.stat(pid),
    zombieStatus: (pid) => reader.zombieStatus(pid),
    cgroup: (pid) => reader.cgroup(pid),
    isListed: (pid) => reader.isListed?.(pid) ?? false,
    exists: (pid) => reader.exists(pid),
    hasEnded: (pid) => reader.hasEnded(pid),
    pids: () => reader.pids(),
  };
}

/** The same, for who tells what it says without a monitor. */
export function redactingReader(reader: ProcReader, redact: Redact): ProcReader {
  const edited = editingReader(reader, (image) => redactImage(image, redact));
  const stat = (pid: number): ProcessStat | undefined => {
    const found = reader.stat(pid);
    return found && redactStat(found, redact);
  };
  return { ...edited, stat };
}

/** The same witness, who tells no image unedited. */
export class EditingWitness implements Witness {
  private readonly witness: Witness;
  private readonly edit: Edit;

  constructor(witness: Witness, edit: Edit) {
    this.witness = witness;
    this.edit = edit;
  }

  get isPatient(): boolean {
    return this.witness.isPatient;
  }

  get unsettled(): number {
    return this.witness.unsettled;
  }

  attend: Witness['attend'] = (batch, wanted) => this.witness.attend(batch, wanted);
  heed: Witness['heed'] = (later) => this.witness.heed(later);
  forget: Witness['forget'] = (pid) => this.witness.forget(pid);
  addLeaderless: Witness['addLeaderless'] = (pid) => this.witness.addLeaderless(pid);
  rest: Witness['rest'] = () => this.witness.rest();
  takeLost: Witness['takeLost'] = (how) => this.witness.takeLost(how);
  close: Witness['close'] = () => this.witness.close();

  executed: Witness['executed'] = (exec) => {
    const told = this.witness.executed(exec);
    return typeof told === 'object' ? editTold(told, this.edit) : told;
  };

  ended: Witness['ended'] = (event, index) => {
    const exit = this.witness.ended(event, index);
    return exit && editExit(exit, this.edit);
  };

  whoNow(event: EventOf<'fork'> | EventOf<'exit'>): WhoNow | undefined {
    const who = this.witness.whoNow?.(event);
    return who && { ...who, comm: this.edit(who).comm ?? who.comm };
  }

  succeeded: Witness['succeeded'] = (pid) => {
    const exit = this.witness.succeeded(pid);
    return exit && editExit(exit, this.edit);
  };

  settle: Witness['settle'] = () => this.witness.settle().map((exit) => editExit(exit, this.edit));

  takeUnheard: Witness['takeUnheard'] = (before) =>
    this.witness.takeUnheard(before).map((one) => ({ ...one, told: one.told && editTold(one.told, this.edit) }));
}
