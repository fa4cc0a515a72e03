/** The JSON records as types. Written by scripts/schema.js from the tables of fields. Do not edit. */

interface HeadJson {
  /** Version of this format. */
  readonly v: 1;
  /** Number of the record in its stream, from 1 without gap: a gap is a record lost on its way. */
  readonly seq: number;
  /** Wall time of the event, RFC 3339 in UTC with nanoseconds. */
  readonly time: string;
  /** The kernel's monotonic clock in nanoseconds, as digits. */
  readonly mono_ns: string;
}

/** A parent, or the parent of one. */
export interface AncestorJson {
  readonly pid: number;
  readonly comm?: string;
  readonly comm_base64?: string;
}

/** What the record of every process event may carry. What is absent is unknown. */
export interface ProcessFieldsJson extends HeadJson {
  /** The CPU it happened on. */
  readonly cpu?: number;
  /** Process id (the kernel's tgid), in the initial pid namespace. */
  readonly pid: number;
  /** Thread id; equal to pid for the process as a whole. */
  readonly tid: number;
  /** Process id of the parent; of an exit, the parent at the end. */
  readonly ppid?: number;
  /** Name of the parent. */
  readonly parent_comm?: string;
  /** The bytes of parent_comm, where they are not UTF-8. */
  readonly parent_comm_base64?: string;
  /** Name of the process, at most 15 bytes; of a comm event, the new name. */
  readonly comm?: string;
  /** The bytes of comm, where they are not UTF-8. */
  readonly comm_base64?: string;
  /** Path of the program. */
  readonly exe?: string;
  /** The bytes of exe, where they are not UTF-8. */
  readonly exe_base64?: string;
  /** True: the file of the program had no name any more at the exec, or never had one (memfd); exe is the one it had. */
  readonly exe_deleted?: boolean;
  /** Why exe is not known: "too deep", "too long", "torn" (a name in it was changed meanwhile), "unreachable" (outside of the root) or "unreadable". */
  readonly exe_missing?: string;
  /** The path as it was executed, which may be relative; of a script, the script. */
  readonly path?: string;
  /** The bytes of path, where they are not UTF-8. */
  readonly path_base64?: string;
  /** File system of the program, major:minor. */
  readonly exe_dev?: string;
  /** The bytes of exe_dev, where they are not UTF-8. */
  readonly exe_dev_base64?: string;
  /** Inode of the program; with --usage also where the program could not be looked at. */
  readonly exe_inode?: number;
  /** The same as digits, where a number of JSON is no more exact for most readers (from 2^53 on). */
  readonly exe_inode_digits?: string;
  /** The arguments, the program name first. */
  readonly args?: readonly string[];
  /** The bytes of args, where they are not UTF-8. */
  readonly args_base64?: readonly string[];
  /** Bytes of all arguments, each with its final zero, where args are only the beginning of them. */
  readonly args_truncated?: number;
  /** Working directory at the exec. */
  readonly cwd?: string;
  /** The bytes of cwd, where they are not UTF-8. */
  readonly cwd_base64?: string;
  /** True: the directory has no name any more; cwd is the one it had. */
  readonly cwd_deleted?: boolean;
  /** Why cwd is not known: "too deep", "too long", "torn" (a name in it was changed meanwhile), "unreachable" (outside of the root) or "unreadable". */
  readonly cwd_missing?: string;
  /** Effective user id; of an exit known by its account alone (--usage), the real one. */
  readonly uid?: number;
  /** Name of the effective user. */
  readonly user?: string;
  /** The bytes of user, where they are not UTF-8. */
  readonly user_base64?: string;
  /** Why there are no arguments: "gone", the process had ended before they could be read; "hidden", /proc does not show it to us (hidepid); "denied", they may not be read; "stuck", they did not come in time, since whoever holds its memory hangs. */
  readonly missing?: string;
  /** "inherited": name, arguments and so on are those of the parent, since this process has run no program of its own; "earlier": as read at the start, and perhaps replaced since. */
  readonly image?: string;
  /** With --ancestry: the parent, its parent and so on up to init, each with pid and comm. */
  readonly ancestry?: readonly AncestorJson[];
  /** Path of the control group. */
  readonly cgroup?: string;
  /** The bytes of cgroup, where they are not UTF-8. */
  readonly cgroup_base64?: string;
  /** The container, where the control group tells. */
  readonly container_id?: string;
  /** The bytes of container_id, where they are not UTF-8. */
  readonly container_id_base64?: string;
  /** The systemd unit, where the control group tells. */
  readonly unit?: string;
  /** The bytes of unit, where they are not UTF-8. */
  readonly unit_base64?: string;
  /** Name of the machine, where records of several are read. */
  readonly host?: string;
  /** The bytes of host, where they are not UTF-8. */
  readonly host_base64?: string;
}

export interface ForkJson extends ProcessFieldsJson {
  readonly event: 'fork';
}

export interface CloneJson extends ProcessFieldsJson {
  readonly event: 'clone';
}

export interface ExecJson extends ProcessFieldsJson {
  readonly event: 'exec';
  /** True: not told by an event, since that was lost: concluded from a scan of /proc, or an exec that only the capture in the kernel saw. */
  readonly inferred?: boolean;
}

export interface UidJson extends ProcessFieldsJson {
  readonly event: 'uid';
  /** New real user id. */
  readonly ruid?: number;
  /** New effective user id. */
  readonly euid?: number;
}

export interface GidJson extends ProcessFieldsJson {
  readonly event: 'gid';
  /** New real group id. */
  readonly rgid?: number;
  /** New effective group id. */
  readonly egid?: number;
}

export interface SidJson extends ProcessFieldsJson {
  readonly event: 'sid';
}

export interface PtraceJson extends ProcessFieldsJson {
  readonly event: 'ptrace';
  /** Whether a tracer attached (true) or let go (false). */
  readonly attached?: boolean;
  /** Process id of the tracer. */
  readonly tracer_pid?: number;
  /** Thread id of the tracer. */
  readonly tracer_tid?: number;
}

export interface CommJson extends ProcessFieldsJson {
  readonly event: 'comm';
}

export interface CoredumpJson extends ProcessFieldsJson {
  readonly event: 'coredump';
}

export interface ExitJson extends ProcessFieldsJson {
  readonly event: 'exit';
  /** True: the end of one thread, not of the process. */
  readonly thread?: boolean;
  /** The raw status, as wait(2) gives it to the parent. */
  readonly wait_status?: number;
  /** The exit code, if it ended by itself. */
  readonly exit_code?: number;
  /** The signal that killed it. */
  readonly signal?: string;
  /** Whether the killed process left a core file. */
  readonly core_dumped?: boolean;
  /** Seconds of life, to the microsecond; in steps of 10 ms for processes older than procwatch. */
  readonly duration_s?: number;
  /** Wall time of its birth, as the clock was when that was heard or read; with pid, an identity that survives the reuse of the pid. */
  readonly start_time?: string;
  /** Its birth on the kernel's monotonic clock, as digits: what no setting of a clock changes. */
  readonly start_mono_ns?: string;
  /** True: not told by an event, since that was lost: concluded from a scan of /proc, or an exec that only the capture in the kernel saw. */
  readonly inferred?: boolean;
  /** Why a program could not be run, as errno has it: ENOENT, EACCES and so on; of an exit, the last that its process tried right before. */
  readonly error?: string;
  /** The bytes of error, where they are not UTF-8. */
  readonly error_base64?: string;
  /** What that was, as it was tried. */
  readonly error_path?: string;
  /** The bytes of error_path, where they are not UTF-8. */
  readonly error_path_base64?: string;
  /** Why it ended, where that is certain: procwatch causes explains each. */
  readonly cause?: string;
  /** Process id of who sent the signal, or whose end sent it. */
  readonly sender_pid?: number;
  /** Its name when it did. */
  readonly sender_comm?: string;
  /** The bytes of sender_comm, where they are not UTF-8. */
  readonly sender_comm_base64?: string;
  /** Its real user id. */
  readonly sender_uid?: number;
  /** Its arguments, unless it is the process itself. */
  readonly sender_args?: readonly string[];
  /** The bytes of sender_args, where they are not UTF-8. */
  readonly sender_args_base64?: readonly string[];
  /** Path of its control group. */
  readonly sender_cgroup?: string;
  /** The bytes of sender_cgroup, where they are not UTF-8. */
  readonly sender_cgroup_base64?: string;
  /** True: it was ending at that moment, and its end sent the signal. */
  readonly sender_ending?: boolean;
  /** Si_code of the signal, by name. */
  readonly signal_code?: string;
  /** True: it handled the signal first, and then ended by sending the same to itself. */
  readonly raised_again?: boolean;
  /** The address that could not be reached, or of the instruction that could not be carried out, in hexadecimal. */
  readonly fault_address?: string;
  /** Number of the system call that seccomp(2) forbade. */
  readonly syscall?: number;
  /** Memory that the process held when the kernel chose it, in KiB, as the log of the kernel has it. */
  readonly oom_resident_kib?: number;
  /** Process id of who wanted the memory that was not there; perhaps the process itself. */
  readonly oom_trigger_pid?: number;
  /** Its name. */
  readonly oom_trigger_comm?: string;
  /** The bytes of oom_trigger_comm, where they are not UTF-8. */
  readonly oom_trigger_comm_base64?: string;
  /** Of an end by itself within 30 s after a SIGTERM, SIGINT, SIGHUP or SIGQUIT that it handled: the cause of that signal. */
  readonly asked_by?: string;
  /** That signal. */
  readonly asked_signal?: string;
  /** Process id of who sent it. */
  readonly asked_by_pid?: number;
  /** Its name when it did. */
  readonly asked_by_comm?: string;
  /** The bytes of asked_by_comm, where they are not UTF-8. */
  readonly asked_by_comm_base64?: string;
  /** Its real user id. */
  readonly asked_by_uid?: number;
  /** Its arguments. */
  readonly asked_by_args?: readonly string[];
  /** The bytes of asked_by_args, where they are not UTF-8. */
  readonly asked_by_args_base64?: readonly string[];
  /** Seconds between that signal and the end. */
  readonly asked_before_s?: number;
  /** With --usage: seconds of CPU time of all threads together, to the microsecond; exact unless cpu_is_lower_bound says otherwise. */
  readonly cpu_s?: number;
  /** With --usage: true: cpu_s lacks the time since the last tick or sleep of each thread, which is all the time of most short lives; no program of ours may run in the kernel, or a tracer holds threads of the process. */
  readonly cpu_is_lower_bound?: boolean;
  /** With --usage: seconds in user mode; with an exact cpu_s divided as getrusage(2) does, to the microsecond, else in clock ticks (1 to 10 ms) and mostly 0 for short lives. */
  readonly user_s?: number;
  /** With --usage: seconds in the kernel, like user_s. */
  readonly sys_s?: number;
  /** With --usage: peak of resident memory in KiB, of the program it ran last; getrusage(2) also counts those before, and the memory of the parent it was forked from. */
  readonly max_rss_kib?: number;
  /** With --usage: page faults without input. */
  readonly minflt?: number;
  /** With --usage: page faults that had to wait for input. */
  readonly majflt?: number;
  /** With --usage: bytes read from storage; of threads that ended before the first one rounded down to 512 each, with a lower bound of cpu_s to 1024 each and without those that ended before procwatch listened. */
  readonly read_bytes?: number;
  /** With --usage: bytes made dirty for storage, counted when they are written to the page cache; rounded like read_bytes. */
  readonly write_bytes?: number;
  /** With --usage: context switches because it waited; the last one of all, at its end, is among them unless its parent had waited for it already. */
  readonly nvcsw?: number;
  /** With --usage: context switches because it was made to. */
  readonly nivcsw?: number;
  /** With --usage: seconds that threads waited for block input and output, to the microsecond; only where kernel.task_delayacct is on. */
  readonly io_delay_s?: number;
  /** With --usage: real group id. */
  readonly gid?: number;
}

export interface ExecFailedJson extends ProcessFieldsJson {
  readonly event: 'exec-failed';
  /** Why a program could not be run, as errno has it: ENOENT, EACCES and so on; of an exit, the last that its process tried right before. */
  readonly error?: string;
  /** The bytes of error, where they are not UTF-8. */
  readonly error_base64?: string;
  /** How many places were tried, as along PATH. */
  readonly tried?: number;
  /** True: args are not all, or not whole: there were more than 32, or more than 1 KiB of one or 4 KiB of all, or they could not be read. */
  readonly args_incomplete?: boolean;
}

export interface FoundJson extends ProcessFieldsJson {
  readonly event: 'found';
  /** True: not told by an event, since that was lost: concluded from a scan of /proc, or an exec that only the capture in the kernel saw. */
  readonly inferred?: boolean;
}

export interface AliveJson extends ProcessFieldsJson {
  readonly event: 'alive';
  /** Wall time of its birth, as the clock was when that was heard or read; with pid, an identity that survives the reuse of the pid. */
  readonly start_time?: string;
  /** Its birth on the kernel's monotonic clock, as digits: what no setting of a clock changes. */
  readonly start_mono_ns?: string;
}

export interface LostJson extends HeadJson {
  readonly event: 'lost';
  /** What lost them: overrun, the queue in the kernel was full; output, the reader was too slow; capture, arguments captured in the kernel; usage, accounts of processes; cause, signals that say why processes end; starved, the kernel told nothing for a while. */
  readonly reason: 'overrun' | 'output' | 'capture' | 'usage' | 'cause' | 'starved';
  /** How many; absent where nobody counted. */
  readonly count?: number;
  /** Wall time at which all was still well. */
  readonly since: string;
  /** The same on the kernel's monotonic clock, as digits. */
  readonly since_mono_ns: string;
  /** Name of the machine, where records of several are read. */
  readonly host?: string;
}

export interface StartJson extends HeadJson {
  readonly event: 'start';
  /** Version of procwatch. */
  readonly version: string;
  /** Name of the machine. */
  readonly host: string;
  /** Identity of this boot of the machine. */
  readonly boot_id?: string;
  /** Release of the kernel. */
  readonly kernel: string;
  /** CPUs that may be used. */
  readonly cpus?: number;
  /** How long the machine has slept since its boot: CLOCK_BOOTTIME minus CLOCK_MONOTONIC in nanoseconds, as digits. */
  readonly suspended_ns?: string;
  /** The events selected. */
  readonly events: readonly string[];
  /** Where events come from: the proc connector, or programs of ours in the kernel; absent in old recordings. */
  readonly source?: 'connector' | 'bpf';
  /** Whose numbers all pids are, where that is not the pid namespace that procwatch runs in. */
  readonly pid_namespace?: 'initial';
  /** Who drops what is not selected: the kernel itself, or a BPF program (at the socket, or the source). */
  readonly filter: 'kernel' | 'bpf';
  /** Size of the queue that the kernel granted. */
  readonly buffer_bytes: number;
  /** Where arguments come from; bpf is the capture in the kernel, proc is /proc. */
  readonly argv_source: 'bpf' | 'proc';
  /** Why not bpf. */
  readonly argv_reason?: string;
  /** Where programs listen for execs that fail: fexit, at the end of execve(2); sys_exit, at that of every system call, which costs each some nanoseconds. */
  readonly exec_failed_source?: 'fexit' | 'sys_exit';
  /** Why the causes of ends are not told, where they would be shown. */
  readonly cause_reason?: string;
}

export interface EndJson extends HeadJson {
  readonly event: 'end';
  /** Why it ended: ok, or the name of an exit code. */
  readonly reason: string;
  /** How many records of each event there were. */
  readonly told: Readonly<Record<string, number>>;
  /** How many events were lost, as far as they were counted. */
  readonly lost: number;
  /** How many datagrams were not the kernel's, or not understood. */
  readonly refused: number;
  /** Name of the machine, where records of several are read. */
  readonly host?: string;
}

/** A record about a process. */
export type ProcessJson =
  | ForkJson
  | CloneJson
  | ExecJson
  | UidJson
  | GidJson
  | SidJson
  | PtraceJson
  | CommJson
  | CoredumpJson
  | ExitJson
  | ExecFailedJson
  | FoundJson
  | AliveJson;

export type JsonRecord =
  | ForkJson
  | CloneJson
  | ExecJson
  | UidJson
  | GidJson
  | SidJson
  | PtraceJson
  | CommJson
  | CoredumpJson
  | ExitJson
  | ExecFailedJson
  | FoundJson
  | AliveJson
  | LostJson
  | StartJson
  | EndJson;
