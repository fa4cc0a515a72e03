/** `procwatch doctor`: whether `watch` would work here, how well, and what to do where it would not. */
import { diagnose } from '../doctor/checks.ts';
import { look } from '../doctor/findings.ts';
import type { Probes } from '../doctor/probes.ts';
import { asJson, asText } from '../doctor/report.ts';
import type { ExitName } from '../errors.ts';
import type { Host } from '../host/host.ts';
import type { DOCTOR_OPTIONS } from './doctor-options.ts';
import type { ValuesOf } from './options.ts';
import { DEFAULT_BUFFER_BYTES } from './plan.ts';

const realProbes = async (): Promise<Probes> => (await import('../host/probes.ts')).probes;

export async function runDoctor(
  host: Host,
  { json }: ValuesOf<typeof DOCTOR_OPTIONS>,
  loadProbes: () => Promise<Probes> = realProbes,
): Promise<ExitName> {
  const diagnosis = diagnose(await look(host, loadProbes, DEFAULT_BUFFER_BYTES));
  host.stdout.write(json ? asJson(diagnosis) : asText(diagnosis));
  return diagnosis.verdict;
}
