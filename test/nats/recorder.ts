/** A recorder as a test wants it: lines like those of `record`, in files that are rotated, and what it wrote to compare with. */
import { appendFileSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const bootId = (boot: number): string => `${boot}1111111-2222-3333-4444-555555555555`;
const BEGAN_NS = 1_700_000_000_000_000_000n;

/** No two begin at the same moment. */
let recorders = 0n;

export class Recorder {
  readonly host: string;
  readonly path: string;
  private readonly directory: string;
  private seq = 0;
  private mono: bigint;
  private files = 0;
  private boot = 1;
  /** The wall clock when the monotonic one began. */
  private bootedNs = BEGAN_NS;
  private pid = 100;
  /** Every record it wrote: its number and kind. */
  readonly written: { readonly seq: number; readonly event: string }[] = [];

  constructor(directory: string, host: string, name = `${host}.jsonl`) {
    this.directory = directory;
    this.mono = 1_000_000_000n * ++recorders;
    this.host = host;
    this.path = join(directory, name);
    this.start();
  }

  private line(event: string, members: object): string {
    this.mono += 1000n;
    const wall = this.bootedNs + this.mono;
    const second = new Date(Number(wall / 1_000_000_000n) * 1000).toISOString().slice(0, 19);
    const time = `${second}.${String(wall % 1_000_000_000n).padStart(9, '0')}Z`;
    const seq = ++this.seq;
    this.written.push({ seq, event });
    return `${JSON.stringify({ v: 1, seq, time, mono_ns: String(this.mono), event, ...members })}\n`;
  }

  private start(): void {
    const facts = {
      version: '0.1.0',
      host: this.host,
      boot_id: bootId(this.boot),
      kernel: '6.18.0',
      cpus: 2,
      events: ['fork'],
    };
    const rest = { filter: 'kernel', buffer_bytes: 1, argv_source: 'proc' };
    appendFileSync(this.path, this.line('start', { ...facts, ...rest }));
  }

  /** So many lives: three records each. */
  record(lives: number): void {
    let text = '';
    for (let i = 0; i < lives; i++) {
      const pid = this.pid++;
      const status = pid % 5 === 0 ? 256 : 0;
      const who = { pid, tid: pid, ppid: 1, comm: 'job' };
      text += this.line('fork', who) + this.line('exec', { ...who, args: ['job', `--id=${pid}`] });
      text += this.line('exit', { ...who, wait_status: status, exit_code: status >> 8 });
    }
    appendFileSync(this.path, text);
  }

  /** One that goes on living. */
  open(): void {
    const pid = this.pid++;
    const who = { pid, tid: pid, ppid: 1, thread: false, comm: 'daemon' };
    appendFileSync(this.path, this.line('fork', who) + this.line('exec', { ...who, args: ['daemon'] }));
  }

  /** The machine is started anew: its clock and its numbers begin again, and so does the recording. */
  reboot(): void {
    this.boot++;
    this.pid = 100;
    this.seq = 0;
    this.bootedNs += this.mono + 60_000_000_000n;
    this.mono = 0n;
    this.start();
  }

  /** The file gets another name, perhaps compressed, and a new one begins. */
  rotate(compressed: boolean): void {
    const old = `${this.path}.${++this.files}`;
    renameSync(this.path, old);
    if (compressed) {
      writeFileSync(`${old}.gz`, gzipSync(readFileSync(old)));
      rmSync(old);
    }
    this.start();
  }

  remove(file: number): void {
    rmSync(join(this.directory, `${this.path}.${file}`), { force: true });
  }
}
