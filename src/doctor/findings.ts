/**
 * What doctor looks at, gathered once and without judging: the subscription that `watch` would make, and the files and calls that tell
 * about its surroundings. Each thing that cannot be found out is undefined. Owns all the looking; the judging is in checks.ts.
 */
import { Failure } from '../errors.ts';
import type { Host, Kernel } from '../host/host.ts';
import type { Circumstances } from '../netlink/diagnose.ts';
import type { Hearing } from '../netlink/filter.ts';
import { type Heartbeat, Subscription } from '../netlink/subscribe.ts';
import { type Capability, capabilitiesIn } from './capabilities.ts';
import type { Answers, Probes } from './probes.ts';

export interface Findings {
  readonly kernelRelease: string;
  readonly node: string;
  readonly koffi: string | undefined;
  readonly circumstances: Circumstances | undefined;
  /** What came of subscribing as `watch` does. */
  readonly subscription: Subscribed | Failure;
  readonly isRoot: boolean;
  readonly capabilities: ReadonlySet<Capability>;
  /** net.core.rmem_max: how much queue a program without privilege may ask for. */
  readonly queueLimit: number | undefined;
  /** Sockets of the connector, ours not among them. */
  readonly otherListeners: readonly Listener[];
  /** The mount option of /proc, where it hides anything. */
  readonly hidepid: string | undefined;
  /** Whether the arguments of process 1 can be read. */
  readonly seesOthers: boolean;
  readonly answers: Answers | undefined;
}

export interface Subscribed {
  readonly kernelFilter: boolean;
  readonly bufferBytes: number;
  readonly heartbeat: Heartbeat;
  /** The kernel answered only after its count of listeners had been brought back above zero. */
  readonly hadToRevive: boolean;
}

/** A connector socket of another program. The kernel shows a port, which most programs choose to be their pid. */
export interface Listener {
  readonly port: number;
}

/** What `watch` hears by default. */
const HEARING: Hearing = {
  scopes: new Map([
    ['fork', 'leaders'],
    ['exec', 'leaders'],
    ['exit', 'both'],
  ]),
  onlyFailures: false,
};

/** @param bufferBytes the queue that `watch` asks for */
export async function look(host: Host, loadProbes: () => Promise<Probes>, bufferBytes: number): Promise<Findings> {
  const around = {
    kernelRelease: host.identity().kernel,
    isRoot: host.isRoot,
    capabilities: capabilitiesIn(fileText(host, '/proc/self/status')),
    queueLimit: numberIn(fileText(host, '/proc/sys/net/core/rmem_max')),
    otherListeners: listenersIn(fileText(host, '/proc/net/netlink')),
    hidepid: hidepidIn(fileText(host, '/proc/self/mountinfo')),
    seesOthers: fileText(host, '/proc/1/cmdline') !== '',
  };
  try {
    // One after the other: the kernel says in a sentence what the probes could only throw.
    const kernel = await host.kernel();
    const probes = await loadProbes();
    return {
      ...around,
      ...probes.versions,
      circumstances: kernel.circumstances(),
      subscription: subscribe(host, kernel, bufferBytes),
      answers: await probes.ask(kernel),
    };
  } catch (error) {
    // Nothing below Node can be asked.
    if (!(error instanceof Failure)) throw error;
    const { node } = process.versions;
    return { ...around, node, koffi: undefined, circumstances: undefined, subscription: error, answers: undefined };
  }
}

function subscribe(host: Host, kernel: Kernel, bufferBytes: number): Subscribed | Failure {
  try {
    const subscription = new Subscription({
      open: kernel.openConnector,
      hearing: HEARING,
      bufferBytes,
      random: () => host.random(),
      circumstances: () => kernel.circumstances(),
    });
    const { kernelFilter, bufferBytes: granted, hadToRevive } = subscription;
    const heartbeat = subscription.heartbeat();
    subscription.close();
    return { kernelFilter, bufferBytes: granted, heartbeat, hadToRevive };
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

/** Empty where the file is not there or may not be read. */
function fileText(host: Host, path: string): string {
  try {
    return host.readFile(path);
  } catch {
    return '';
  }
}

function numberIn(text: string): number | undefined {
  return /^\d+$/.test(text.trim()) ? Number(text) : undefined;
}

/** Rows of /proc/net/netlink: sk, protocol, port, groups and more. Protocol 11 is the connector; port 0 is the kernel's own end. */
function listenersIn(text: string): Listener[] {
  return text
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, protocol, port]) => protocol === '11' && port !== '0')
    .map(([, , port]) => ({ port: Number(port) }));
}

/** The super options of the mount at /proc; the last mount is the one seen. */
function hidepidIn(mountinfo: string): string | undefined {
  const mount = mountinfo
    .split('\n')
    .filter((line) => line.split(' ')[4] === '/proc')
    .at(-1);
  const value = mount && /\bhidepid=(\w+)/.exec(mount)?.[1];
  return value === '0' || value === 'off' ? undefined : value;
}
