/**
 * The choice of witnesses: who tells what a process runs and how it ends, facts from programs in the kernel or looks at /proc, and who then
 * keeps what is known of processes. Whoever it is, what nobody may see is taken out of all that is told.
 */
import { type FactSource, KernelFacts } from '../facts/kernel-facts.ts';
import { ToldSubjects } from '../facts/told-subjects.ts';
import { ProcLooks } from '../looks/proc-looks.ts';
import { ReadSubjects } from '../looks/read-subjects.ts';
import { type Hearing, hearsWholeLives } from '../netlink/filter.ts';
import { HeardSubjects } from '../process/heard-subjects.ts';
import { withArgsUpTo } from '../process/image-bounds.ts';
import type { Moment } from '../process/moment.ts';
import type { ProcReader } from '../process/proc-reader.ts';
import { type Edit, EditingWitness, editingReader, type Redact, redactImage } from '../process/redact.ts';
import type { Subjects } from '../process/subjects.ts';
import type { Acquaintance, Witness } from '../process/witness.ts';

export interface WitnessOptions {
  /** Without programs in the kernel. */
  readonly hearing: Hearing;
  /** False where no argument may ever be read. */
  readonly readsArgs?: boolean;
  /** Takes out of texts what nobody may see. */
  readonly redact?: Redact | undefined;
  /** Bytes of arguments that are told of a process; without it all that is read. */
  readonly maxArgs?: number | undefined;
  readonly wants: { readonly cgroup: boolean };
}

/** What is done to every image, if anything: first what must not be told is taken out, then what is too long is cut. */
function editOf({ redact, maxArgs }: WitnessOptions): Edit | undefined {
  if (redact === undefined) return maxArgs === undefined ? undefined : (image) => withArgsUpTo(image, maxArgs);
  const redacted: Edit = (image) => redactImage(image, redact);
  return maxArgs === undefined ? redacted : (image) => withArgsUpTo(redacted(image), maxArgs);
}

export class Witnesses {
  /** Of /proc, as far as it may be told. */
  readonly reader: ProcReader;
  private readonly options: WitnessOptions;
  private readonly edit: Edit | undefined;
  private readonly now: () => Moment;

  constructor(reader: ProcReader, options: WitnessOptions, now: () => Moment) {
    this.options = options;
    this.edit = editOf(options);
    this.reader = this.edit === undefined ? reader : editingReader(reader, this.edit);
    this.now = now;
  }

  /** @param by who tells what is heard with this hearing */
  subjects(hearing: Hearing, by: 'facts' | 'looks'): Subjects {
    const { scopes, onlyFailures } = hearing;
    if (hearsWholeLives(hearing)) return new HeardSubjects(this.reader, this.options.wants.cgroup);
    if (by === 'facts') return new ToldSubjects(this.reader);
    const everyEnd = scopes.has('exit') && !onlyFailures;
    return new ReadSubjects(this.reader, { everyEnd, execs: scopes.has('exec') });
  }

  witness(hearing: Hearing, facts: FactSource | undefined, acquaintance: Acquaintance): Witness {
    if (facts === undefined) return this.edited(this.looks(acquaintance));
    const { reader, now } = this;
    const hearsThreads = hearing.scopes.get('exit') === 'both';
    return this.edited(new KernelFacts(facts, { ...acquaintance, reader, now, hearsThreads }));
  }

  looks(acquaintance: Acquaintance): ProcLooks {
    const { hearing, readsArgs } = this.options;
    return new ProcLooks({
      ...acquaintance,
      hearing,
      hearsWholeLives: hearsWholeLives(hearing),
      reader: this.reader,
      now: this.now,
      proof: readsArgs === false ? 'exe' : 'args',
    });
  }

  edited(witness: Witness): Witness {
    return this.edit === undefined ? witness : new EditingWitness(witness, this.edit);
  }
}
