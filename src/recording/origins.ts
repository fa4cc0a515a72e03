/** Whose lines are read: which machine, and which boot of it, by what the lines before have said, or the source where it knows better. */
import type { LineSource } from './line-source.ts';

/** A machine since a boot. */
export interface Origin {
  /** Its name; undefined where nobody says. Foreign. */
  readonly host: string | undefined;
  /** Its boot: empty where nobody says. */
  readonly bootId: string;
}

/** The same text for the same boot of the same machine, and for no other. */
export const keyOf = ({ host, bootId }: Origin): string => (host === undefined ? bootId : `${bootId} ${host}`);

export class Origins {
  private readonly source: Pick<LineSource, 'bootOf'>;
  /** That of the last start: lines that name no host are its. */
  private host: string | undefined;
  private readonly boots = new Map<string | undefined, string>();

  constructor(source: Pick<LineSource, 'bootOf'>) {
    this.source = source;
  }

  /** @param named the host that the line itself names */
  of(named: string | undefined): Origin {
    const host = named ?? this.host;
    const told = host === undefined ? undefined : this.source.bootOf?.(host);
    return { host, bootId: told ?? this.boots.get(host) ?? '' };
  }

  /** A `start` was read: what follows is of this machine. */
  begin({ host, bootId }: Origin): void {
    this.host = host;
    this.boots.set(host, bootId);
  }
}
