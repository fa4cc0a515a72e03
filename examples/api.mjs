// Watches for failures for as long as you let it (Ctrl-C ends it), and tells each with its command line.
//   npm install procwatch && node api.mjs
import { watch } from 'procwatch';

const stopping = new AbortController();
process.once('SIGINT', () => stopping.abort());

const records = watch({ events: ['fork', 'exec', 'exit'], signal: stopping.signal });
await records.started;
console.error('watching');

for await (const record of records) {
  if (record.event === 'lost') console.error(`${record.count ?? 'some'} events were lost (${record.reason})`);
  if (record.event !== 'exit') continue;
  const how = record.signal ?? record.exit_code;
  if (how !== 0) console.log(`${record.args?.join(' ') ?? record.comm ?? record.pid}: ${how ?? 'ended'}`);
}
