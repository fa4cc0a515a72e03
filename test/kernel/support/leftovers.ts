/** The processes a test started and did not see the end of, because it failed before: they must not outlive it. */
import type { ChildProcess } from 'node:child_process';

const running = new Set<ChildProcess>();

export function register<Child extends ChildProcess>(child: Child): Child {
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

export function killLeftovers(): void {
  for (const child of running) child.kill('SIGKILL');
}
