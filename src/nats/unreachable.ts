/** The one failure to connect that time may heal, and an engine that waits for it. */
import { Failure } from '../errors.ts';
import type { Host } from '../host/host.ts';
import type { Engine, EngineNews, Outgoing } from './engine.ts';

export class Unreachable extends Failure {
  constructor(message: string, hint: string) {
    super('unavailable', message, hint);
  }
}

const AGAIN_MS = 2000;

export type WritableEngine = Pick<Engine, 'publish' | 'close'>;
type Hear = (news: EngineNews) => void;

/** An engine to write to, that comes later: what is published waits for it. */
class AwaitedEngine implements WritableEngine {
  private readonly opened: Promise<Engine>;
  private engine: Engine | undefined;
  private isClosed = false;

  constructor(host: Pick<Host, 'after'>, open: () => Promise<Engine>, hear: Hear) {
    this.opened = this.keepTrying(host, open, hear);
    this.opened.catch(() => {});
  }

  private async keepTrying(host: Pick<Host, 'after'>, open: () => Promise<Engine>, hear: Hear): Promise<Engine> {
    for (;;) {
      await new Promise<void>((resolve) => {
        host.after(AGAIN_MS, resolve);
      });
      if (this.isClosed) throw new Error('it was away until the end');
      try {
        this.engine = await open();
        if (this.isClosed) await this.engine.close();
        hear({ kind: 'back' });
        this.engine.onNews(hear);
        return this.engine;
      } catch (error) {
        if (!(error instanceof Unreachable)) hear({ kind: 'refused', why: (error as Error).message });
      }
    }
  }

  async publish(message: Outgoing): Promise<void> {
    return (await this.opened).publish(message);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await this.engine?.close();
  }
}

/** At once where the server is there; else it is tried again and again. */
export async function whenReachable(
  host: Pick<Host, 'after'>,
  open: () => Promise<Engine>,
  hear: Hear,
): Promise<WritableEngine> {
  try {
    const engine = await open();
    engine.onNews(hear);
    return engine;
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error;
    hear({ kind: 'away' });
    return new AwaitedEngine(host, open, hear);
  }
}
