/** `--to`: outputs that are engines, opened before anything is told. */
import { Failure } from '../errors.ts';
import { monotonicNanos } from '../format/times.ts';
import type { Host, OutputStream } from '../host/host.ts';
import type { NatsAddress } from '../nats/address.ts';
import { NatsOutput, Tee } from '../nats/nats-output.ts';
import { NO_BOOT } from '../nats/stream-of-lines.ts';
import { tokenOf } from '../nats/subject.ts';
import { whenReachable } from '../nats/unreachable.ts';
import { accessOf, newsTeller } from './nats-access.ts';
import { openOutput } from './output.ts';
import type { FarPlan, Plan } from './plan.ts';

export function tokenFor(host: string): string {
  const token = tokenOf(host);
  if (token !== undefined) return token;
  throw new Failure('usage', `--host-name: a name has 1 to 255 bytes, not ${Buffer.byteLength(host)}`);
}

/** What a plan needs of its outputs. */
interface Destinations {
  readonly output: string | undefined;
  readonly far: FarPlan;
  readonly latencyMs: number;
  readonly queueBytes: number;
}

async function farOutput(host: Host, address: NatsAddress, { far, latencyMs, output, queueBytes }: Destinations) {
  const access = accessOf(host, far);
  const { host: ownHost, bootId } = host.identity();
  const token = tokenFor(far.hostName ?? ownHost);
  const open = () => host.engine(address, access, 'writer');
  const engine = await whenReachable(host, open, newsTeller(host, address));
  return new NatsOutput(host, engine, {
    address: address.text,
    hostName: far.hostName,
    ownHost,
    stream: { token, bootId: bootId ?? NO_BOOT, run: monotonicNanos(host.now()) },
    latencyMs,
    // Beside a file nobody counts what is too much, since the file has it.
    mostBytes: output === undefined ? Number.POSITIVE_INFINITY : queueBytes,
  });
}

/** All that `--to` names. */
export async function openEngines(host: Host, plan: Destinations): Promise<OutputStream[]> {
  const engines: OutputStream[] = [];
  for (const address of plan.far.to) engines.push(await farOutput(host, address, plan));
  return engines;
}

/** With the file of `--output` where there is one. */
export async function openFar(host: Host, plan: Destinations & Pick<Plan, 'appends'>): Promise<OutputStream> {
  const engines = await openEngines(host, plan);
  if (plan.output === undefined) return engines.length === 1 ? engines[0] : new Tee(engines, engines);
  const file = openOutput(host, plan.output, plan.appends ? 'at its end' : 'anew');
  return new Tee([file, ...engines], [file]);
}
