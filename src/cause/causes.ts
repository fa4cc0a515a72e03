/**
 * THE table of causes: why a process ended, each declared once with its meaning, how it is told apart, what is told with it, and its words
 * for people. The decision (decision.ts), the schema, `procwatch causes`, filters, completion and manual derive from it.
 *
 * The set is closed, and a cause is told only where it is certain: an end of which nobody knows why has none.
 */

export interface CauseRow {
  readonly meaning: string;
  /** What the kernel shows of it, and of nothing else. */
  readonly toldBy: string;
  /** The fields that may come with it. */
  readonly carries: string;
  /**
   * Before the duration. In braces: `{end}` the status in words, `{by}` and `{name}` who sent it, `{ended}` whose end sent it, `{at}` the
   * address, `{code}` what is wrong with it, `{call}` the system call; what is not known leaves nothing.
   */
  readonly words: string;
}

const SENDER = 'sender_pid, sender_comm, sender_uid, sender_args';

export const CAUSES = {
  exit: {
    meaning: 'it ended by itself, with a code',
    toldBy: 'the status',
    carries: 'asked_by and what follows it, where it was asked to end',
    words: '{end}',
  },
  signal: {
    meaning: 'a process sent it the signal, perhaps it itself',
    toldBy: 'the signal was sent by a system call: its siginfo lies on the stack of who called',
    carries: SENDER,
    words: '{end}{by}',
  },
  abort: {
    meaning: 'it gave up: abort(3), or SIGABRT raised by itself',
    toldBy: 'SIGABRT by tkill(2) of the process itself',
    carries: SENDER,
    words: '{end} raised by itself',
  },
  fault: {
    meaning: 'an instruction of its own could not be carried out',
    toldBy: 'SIGSEGV, SIGBUS, SIGFPE, SIGILL or SIGTRAP for one thread, made by the kernel in that thread',
    carries: 'fault_address, unless the processor did not tell it',
    words: '{end}{at}{code}',
  },
  exec: {
    meaning: 'its exec failed too late to go back: the old program was gone already',
    toldBy: 'SIGSEGV while the process was inside an exec',
    carries: 'nothing more',
    words: '{end} inside exec',
  },
  seccomp: {
    meaning: 'a system call that its filter forbids',
    toldBy: 'SIGSYS of seccomp(2) for the thread that called',
    carries: 'syscall',
    words: '{end} at {call}',
  },
  'memory-error': {
    meaning: 'broken memory of the machine',
    toldBy: 'SIGBUS with a code of the machine check',
    carries: 'fault_address',
    words: '{end}{at} (broken memory)',
  },
  io: {
    meaning: 'input or output became possible, and it had asked for a signal',
    toldBy: 'SIGIO, or the signal of F_SETSIG with a code of poll(2)',
    carries: 'nothing more',
    words: '{end} as a file became ready',
  },
  timer: {
    meaning: 'a timer of its own ran out',
    toldBy: 'a signal of timer_create(2) that nobody sent, or SIGALRM, SIGVTALRM or SIGPROF of the kernel',
    carries: 'nothing more',
    words: '{end} by its timer',
  },
  tracer: {
    meaning: 'its tracer killed it, or ended and took it along',
    toldBy: 'PTRACE_KILL, or PTRACE_O_EXITKILL and a tracer that ends',
    carries: SENDER,
    words: '{end} by its tracer{name}',
  },
  'cgroup-kill': {
    meaning: 'its whole control group was killed',
    toldBy: 'SIGKILL without siginfo, as a write to cgroup.kill sends it',
    carries: SENDER,
    words: '{end} with its control group{by}',
  },
  'parent-death': {
    meaning: 'its parent, or the thread that made it, ended, and it had asked for a signal then',
    toldBy: 'the signal of PR_SET_PDEATHSIG, sent by a process that ends',
    carries: SENDER,
    words: '{end} with its parent{name}',
  },
  pipe: {
    meaning: 'it wrote into a pipe or socket that nobody reads any more',
    toldBy: 'SIGPIPE without siginfo, made in the writing thread',
    carries: 'nothing more',
    words: '{end} at a closed pipe',
  },
  'file-size-limit': {
    meaning: 'it wrote beyond its limit of file size (RLIMIT_FSIZE)',
    toldBy: 'SIGXFSZ without siginfo, made in the writing thread',
    carries: 'nothing more',
    words: '{end} at its limit of file size',
  },
  hangup: {
    meaning: 'its terminal went away, the leader of its session ended, or its stopped job was left without a shell',
    toldBy: 'SIGHUP of the kernel to the process',
    carries: `${SENDER} where the end of a process did it`,
    words: '{end} at a hang-up{ended}',
  },
  terminal: {
    meaning: 'somebody typed Ctrl-C or Ctrl-\\ at its terminal',
    toldBy: 'SIGINT or SIGQUIT of the kernel to the process',
    carries: 'nothing more',
    words: '{end} at the terminal',
  },
  'out-of-memory': {
    meaning: 'the kernel killed it for want of memory, of the machine or of its control group',
    toldBy: 'SIGKILL of the kernel and, by the same thread, the mark of a victim, or memory shared with one',
    carries: 'oom_resident_kib, oom_trigger_pid, oom_trigger_comm',
    words: 'out of memory',
  },
  'namespace-end': {
    meaning: 'the first process of its pid namespace ended: its container is over',
    toldBy: 'SIGKILL of the kernel by a process that ends',
    carries: SENDER,
    words: '{end} with its container{ended}',
  },
  'cpu-limit': {
    meaning: 'it used up its limit of CPU time (RLIMIT_CPU or RLIMIT_RTTIME)',
    toldBy: 'SIGXCPU or SIGKILL of the kernel, made in the process itself',
    carries: 'nothing more',
    words: '{end} at its limit of CPU time',
  },
  kernel: {
    meaning: 'the kernel sent the signal for another reason: a driver, SysRq, the secure attention key',
    toldBy: 'a signal that the kernel made, and none of the above',
    carries: 'nothing more',
    words: '{end} by the kernel',
  },
} as const satisfies Readonly<Record<string, CauseRow>>;

export type CauseName = keyof typeof CAUSES;
export const CAUSE_NAMES = Object.keys(CAUSES) as CauseName[];
