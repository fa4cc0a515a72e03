/** The types of `openProcesses`. */

/** A text: as it is, or with the bytes that are no UTF-8. */
export type ProcessText = string | { readonly text: string; readonly bytes: Uint8Array };

/**
 * One process, or thread where they were asked for. A view: each member is read when it is asked for, and undefined where it is unknown. Good
 * until the next `read()` or `close()`: copy what is to be kept. Names, types and units are those of `procwatch ps --json`.
 */
export interface ProcessRow {
  readonly pid: number;
  readonly tid: number;
  readonly ppid: number;
  readonly tgid: number;
  readonly pgid: number | undefined;
  readonly sid: number | undefined;
  readonly state: string;
  readonly comm: ProcessText;
  readonly uid: number | undefined;
  /** Where the system's own file of users names it. */
  readonly user: ProcessText | undefined;
  readonly ruid: number | undefined;
  readonly rgid: number | undefined;
  readonly egid: number | undefined;
  readonly start_time: string;
  readonly start_mono_ns: string;
  readonly duration_s: number;
  readonly cpu_s: number | undefined;
  readonly user_s: number | undefined;
  readonly sys_s: number | undefined;
  readonly vsize_kib: number | undefined;
  readonly rss_kib: number | undefined;
  readonly max_rss_kib: number | undefined;
  readonly swap_kib: number | undefined;
  readonly minflt: number | undefined;
  readonly majflt: number | undefined;
  readonly read_bytes: number | undefined;
  readonly write_bytes: number | undefined;
  readonly rchar: number | undefined;
  readonly wchar: number | undefined;
  readonly exe: ProcessText | undefined;
  readonly exe_deleted: true | undefined;
  readonly args: readonly ProcessText[] | undefined;
  /** Bytes of all arguments, where `args` are only the beginning of them. */
  readonly args_truncated: number | undefined;
  readonly cgroup: string | undefined;
  readonly container_id: string | undefined;
  readonly unit: string | undefined;
  /** What is known of it by now, without reading more. */
  toJSON(): Record<string, unknown>;
}

export interface ProcessRows extends Iterable<ProcessRow> {
  readonly length: number;
}

export interface ProcessesRequest {
  /** Each thread by itself. */
  readonly threads?: boolean;
  /** `bpf` is one walk inside the kernel, which needs CAP_BPF and CAP_PERFMON; `proc` reads files; `auto` takes the first that can be had. */
  readonly source?: 'auto' | 'bpf' | 'proc';
}

export interface Processes {
  readonly source: 'bpf' | 'proc';
  /** Why the walk in the kernel cannot be had. */
  readonly reason: string | undefined;
  /** All there are now. The rows of the read before are good no longer. */
  read(): ProcessRows;
  close(): void;
  [Symbol.dispose](): void;
}
