/**
 * `npm run bench`: runs the measurements one after another, each with its tools in turns, and writes the report.
 *
 *   --only NAME,...   these measurements alone      --rounds N   rounds of each tool (default 3)
 *   --smoke           a tiny run, to see that it works, without the tools of others
 *   --out DIR         where RESULTS.md and results.json go (default: beside this file, for a run of everything)
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Bench } from './bench.ts';
import { loadNow, machineFacts } from './machine.ts';
import { MEASUREMENTS } from './measurements/index.ts';
import { document, isMet, type Result } from './result.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    rounds: { type: 'string' },
    smoke: { type: 'boolean', default: false },
    out: { type: 'string' },
  },
});

function chosen(): string[] {
  const names = values.only?.split(',') ?? Object.keys(MEASUREMENTS);
  const unknown = names.filter((name) => !(name in MEASUREMENTS));
  if (unknown.length === 0) return names;
  throw new Error(`no measurement ${unknown.join(', ')}; there are ${Object.keys(MEASUREMENTS).join(', ')}`);
}

function outputDirectory(): string | undefined {
  if (values.out !== undefined) return values.out;
  return values.smoke || values.only !== undefined ? undefined : fileURLToPath(new URL('.', import.meta.url));
}

async function main(): Promise<void> {
  const rounds = Number(values.rounds ?? (values.smoke ? 1 : 3));
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds wants a number of at least 1');
  const names = chosen();
  const directory = mkdtempSync(`${tmpdir()}/procwatch-bench-`);
  const log = (text: string) => process.stderr.write(`${text}\n`);
  const bench = new Bench({ rounds, isSmoke: values.smoke, directory, log });
  try {
    bench.compile();
    const facts = machineFacts();
    const loads = [loadNow()];
    const results: Result[] = [];
    for (const name of names) {
      log(`${name} (load ${loadNow()})`);
      const begin = performance.now();
      results.push(await MEASUREMENTS[name](bench));
      log(`  took ${((performance.now() - begin) / 1000).toFixed(0)} s`);
      loads.push(loadNow());
    }
    facts.push(['load averages', `${loads[0]} before, ${loads.at(-1)} after`]);
    facts.push(['rounds', String(rounds)]);
    const report = document(facts, results);
    process.stdout.write(report);
    const out = outputDirectory();
    if (out === undefined) return;
    const verdicts = results.flatMap(({ aims }) => aims.map((aim) => ({ ...aim, met: isMet(aim) })));
    mkdirSync(out, { recursive: true });
    writeFileSync(`${out}/RESULTS.md`, report);
    writeFileSync(
      `${out}/results.json`,
      `${JSON.stringify({ facts: Object.fromEntries(facts), aims: verdicts, results }, null, 1)}\n`,
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

await main();
