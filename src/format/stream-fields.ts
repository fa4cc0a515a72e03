/**
 * THE table of what the records that are not about a process carry: each member with its name, type and meaning. The JSON Schema and the
 * types of the library derive from it; the process fields are in fields.ts.
 */
import { LOSS_REASONS } from '../process/record.ts';

export interface StreamField {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'strings' | 'counts';
  readonly meaning: string;
  /** Every value there is, where they are names. */
  readonly values?: readonly string[];
  /** Absent where it is not known. */
  readonly optional?: true;
}

const HOST = {
  name: 'host',
  type: 'string',
  optional: true,
  meaning: 'name of the machine, where records of several are read',
} as const satisfies StreamField;

export const STREAM_FIELDS = {
  lost: [
    {
      name: 'reason',
      type: 'string',
      values: LOSS_REASONS,
      meaning:
        'what lost them: overrun, the queue in the kernel was full; output, the reader was too slow; capture, arguments captured in the kernel; usage, accounts of processes; cause, signals that say why processes end; starved, the kernel told nothing for a while',
    },
    { name: 'count', type: 'integer', optional: true, meaning: 'how many; absent where nobody counted' },
    { name: 'since', type: 'string', meaning: 'wall time at which all was still well' },
    { name: 'since_mono_ns', type: 'string', meaning: "the same on the kernel's monotonic clock, as digits" },
    HOST,
  ],
  start: [
    { name: 'version', type: 'string', meaning: 'version of procwatch' },
    { name: 'host', type: 'string', meaning: 'name of the machine' },
    { name: 'boot_id', type: 'string', optional: true, meaning: 'identity of this boot of the machine' },
    { name: 'kernel', type: 'string', meaning: 'release of the kernel' },
    { name: 'cpus', type: 'integer', optional: true, meaning: 'CPUs that may be used' },
    {
      name: 'suspended_ns',
      type: 'string',
      optional: true,
      meaning:
        'how long the machine has slept since its boot: CLOCK_BOOTTIME minus CLOCK_MONOTONIC in nanoseconds, as digits',
    },
    { name: 'events', type: 'strings', meaning: 'the events selected' },
    {
      name: 'source',
      type: 'string',
      optional: true,
      values: ['connector', 'bpf'],
      meaning:
        'where events come from: the proc connector, or programs of ours in the kernel; absent in old recordings',
    },
    {
      name: 'pid_namespace',
      type: 'string',
      optional: true,
      values: ['initial'],
      meaning: 'whose numbers all pids are, where that is not the pid namespace that procwatch runs in',
    },
    {
      name: 'filter',
      type: 'string',
      values: ['kernel', 'bpf'],
      meaning: 'who drops what is not selected: the kernel itself, or a BPF program (at the socket, or the source)',
    },
    { name: 'buffer_bytes', type: 'integer', meaning: 'size of the queue that the kernel granted' },
    {
      name: 'argv_source',
      type: 'string',
      values: ['bpf', 'proc'],
      meaning: 'where arguments come from; bpf is the capture in the kernel, proc is /proc',
    },
    { name: 'argv_reason', type: 'string', optional: true, meaning: 'why not bpf' },
    {
      name: 'exec_failed_source',
      type: 'string',
      optional: true,
      values: ['fexit', 'sys_exit'],
      meaning:
        'where programs listen for execs that fail: fexit, at the end of execve(2); sys_exit, at that of every system call, which costs each some nanoseconds',
    },
    {
      name: 'cause_reason',
      type: 'string',
      optional: true,
      meaning: 'why the causes of ends are not told, where they would be shown',
    },
  ],
  end: [
    { name: 'reason', type: 'string', meaning: 'why it ended: ok, or the name of an exit code' },
    { name: 'told', type: 'counts', meaning: 'how many records of each event there were' },
    { name: 'lost', type: 'integer', meaning: 'how many events were lost, as far as they were counted' },
    { name: 'refused', type: 'integer', meaning: "how many datagrams were not the kernel's, or not understood" },
    HOST,
  ],
} as const satisfies Record<string, readonly StreamField[]>;

export type StreamEventName = keyof typeof STREAM_FIELDS;
