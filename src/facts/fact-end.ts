/** What a record of our programs tells of a process, as the pipeline takes it. What nobody asks for is not decoded. */
import { FactImage } from '../bpf/fact-image.ts';
import { END_FLAG, FACT } from '../bpf/fact-record.ts';
import { commAt } from '../bpf/record-fields.ts';
import type { EventOf } from '../netlink/events.ts';
import { changed, type Image } from '../process/image.ts';
import { bounded } from '../process/image-bounds.ts';
import { type Moment, minus, ticksOf } from '../process/moment.ts';
import type { ProcessStat } from '../process/procstat.ts';
import { withoutPadding } from '../process/title.ts';
import type { ProcessExit, Told } from '../process/witness.ts';
import type { FactView, Place } from './fact-view.ts';

/** What CLOCK_BOOTTIME is ahead of the clock of the events. */
type BootOffset = () => Moment;

/** Who it was, of a record that is whole. */
export function toldBy(index: FactView, place: Place, bootOffset: BootOffset): Told {
  const { bytes, words } = index;
  return {
    image: bounded(new FactImage({ bytes, words, at: place })),
    ppid: index.u32(place, FACT.parentTgid),
    start: minus(index.moment(place, FACT.start), bootOffset()),
    startExact: true,
    parentComm: commAt(bytes, place + FACT.parentComm),
    onlyForked: (index.u32(place, FACT.flags) & END_FLAG.onlyForked) !== 0,
  };
}

/** Arguments are those of the end: of a program that gave itself a title that one, with its padding. */
function untitled(image: Image): Image {
  if (!image.argsLetters?.endsWith('\0\0')) return image;
  const { args = [] } = image;
  const told = withoutPadding(args, image);
  return told === args ? image : changed(image, { args: told });
}

/** The end of a process. Its members are read from the ring: only until the next batch. */
export class FactEnd implements ProcessExit {
  readonly pid: number;
  readonly last: EventOf<'exit'>;
  readonly parentTgid: number;
  readonly status: number;
  private readonly index: FactView;
  private readonly place: Place;
  private readonly bootOffset: BootOffset;

  constructor(event: EventOf<'exit'>, index: FactView, place: Place, bootOffset: BootOffset) {
    this.pid = event.tgid;
    this.last = event;
    this.parentTgid = event.parentTgid || index.u32(place, FACT.parentTgid);
    this.status = index.u32(place, FACT.status);
    this.index = index;
    this.place = place;
    this.bootOffset = bootOffset;
  }

  get zombie(): ProcessStat {
    const { index, place } = this;
    return {
      comm: commAt(index.bytes, place + FACT.comm),
      state: 'Z',
      ppid: index.u32(place, FACT.parentTgid),
      threads: 1,
      startTicks: ticksOf(index.moment(place, FACT.start)),
      waitStatus: this.status,
    };
  }

  get birth(): Moment {
    return this.index.moment(this.place, FACT.start);
  }

  get told(): Told | undefined {
    if (this.index.length(this.place) <= FACT.endBytes) return undefined;
    const told = toldBy(this.index, this.place, this.bootOffset);
    return { ...told, image: untitled(told.image) };
  }
}
