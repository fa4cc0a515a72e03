/**
 * Waiting for a descriptor on Node's own event loop: no thread, no timer. koffi's poll is undocumented and sharp; the rules
 * it wants (measured on Node 20 to 26) are kept here and nowhere else:
 * - an exception in its callback would be swallowed: it is thrown again from a task of its own;
 * - after its callback Node 26 runs neither ticks nor promise jobs: an empty task makes it do so;
 * - an error state stops the handle without a word: it is started again after the listener has read it away;
 * - the handle is closed once, before its descriptor, and never used afterwards.
 */
import { poll, READABLE } from './libc.ts';

const runPendingTicks = (): void => {};

/** After `close` nothing is called again. */
export function whenReadable(fd: number, listener: () => void) {
  let wanted = true;
  let open = true;
  const handle = poll(fd, onPoll);

  function onPoll(status: number): void {
    try {
      listener();
      if (status < 0 && open && wanted) handle.start(READABLE, onPoll);
    } catch (error) {
      setImmediate(() => {
        throw error;
      });
    }
    setImmediate(runPendingTicks);
  }

  return {
    pause(): void {
      wanted = false;
      if (open) handle.stop();
    },
    resume(): void {
      wanted = true;
      if (open) handle.start(READABLE, onPoll);
    },
    close(): void {
      if (open) handle.close();
      open = false;
    },
  };
}
