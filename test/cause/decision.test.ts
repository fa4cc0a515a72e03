/** The table of decisions: every row, by what the kernel shows of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CAUSE_NAMES, type CauseName } from '../../src/cause/causes.ts';
import { DECISIONS, judge, SIGNAL } from '../../src/cause/decision.ts';
import { INFO, type SentSignal, type Victim } from '../../src/cause/sent-signal.ts';
import { own, SENDER, seconds, sent, TARGET, victim } from '../support/sent-signals.ts';

const KERNEL = 0x80;
const { none, kernel } = INFO;
const ending = { isEnding: true } as const;

interface Case {
  readonly what: string;
  readonly sent: SentSignal;
  readonly victims?: readonly Victim[];
  readonly cause: CauseName;
  readonly tells: boolean;
}

const { KILL, TERM, SEGV, BUS, SYS, ABRT, HUP, INT, QUIT, ALRM, IO, PIPE, XFSZ, XCPU } = SIGNAL;
const forThread = { isForGroup: false } as const;
const fault = { code: 1, address: 0x10n, ...forThread, sender: own } as const;

const CASES: readonly Case[] = [
  { what: 'kill(2) by another', sent: sent(), cause: 'signal', tells: true },
  { what: 'kill(2) of itself', sent: sent({ sender: own }), cause: 'signal', tells: true },
  { what: 'abort(3)', sent: sent({ signal: ABRT, code: -6, ...forThread, sender: own }), cause: 'abort', tells: true },
  { what: 'tgkill(2) of ABRT by another', sent: sent({ signal: ABRT, code: -6 }), cause: 'signal', tells: true },
  { what: 'a timer', sent: sent({ code: -2, isOnStack: false }), cause: 'timer', tells: false },
  { what: 'a forged timer', sent: sent({ code: -2 }), cause: 'signal', tells: true },
  { what: 'sigqueue(3)', sent: sent({ code: -1 }), cause: 'signal', tells: true },
  { what: 'a queued signal of nobody', sent: sent({ code: -4, isOnStack: false }), cause: 'signal', tells: false },
  { what: 'null', sent: sent({ ...fault, signal: SEGV }), cause: 'fault', tells: false },
  { what: 'no address', sent: sent({ ...fault, signal: SEGV, code: KERNEL }), cause: 'fault', tells: false },
  {
    what: 'a program that cannot be loaded',
    sent: sent({ ...fault, signal: SEGV, code: KERNEL, target: { isInExec: true } }),
    cause: 'exec',
    tells: false,
  },
  { what: 'behind the end of a file', sent: sent({ ...fault, signal: BUS, code: 2 }), cause: 'fault', tells: false },
  { what: 'broken memory', sent: sent({ ...fault, signal: BUS, code: 4 }), cause: 'memory-error', tells: false },
  {
    what: 'broken memory, found by others',
    sent: sent({ signal: BUS, code: 5, ...forThread }),
    cause: 'memory-error',
    tells: false,
  },
  { what: 'seccomp', sent: sent({ ...fault, signal: SYS, syscall: 110 }), cause: 'seccomp', tells: false },
  { what: 'another reason of SIGSYS', sent: sent({ ...fault, signal: SYS, code: 2 }), cause: 'kernel', tells: false },
  { what: 'F_SETSIG', sent: sent({ code: 1, isOnStack: false }), cause: 'io', tells: false },
  {
    what: 'a fault forged for the group',
    sent: sent({ ...fault, signal: SEGV, isForGroup: true }),
    cause: 'signal',
    tells: true,
  },
  {
    what: 'PTRACE_KILL',
    sent: sent({ signal: KILL, info: none, ...forThread, target: { ptrace: 1, tracer: SENDER } }),
    cause: 'tracer',
    tells: true,
  },
  { what: 'cgroup.kill', sent: sent({ signal: KILL, info: none, ...forThread }), cause: 'cgroup-kill', tells: true },
  {
    what: 'cgroup.kill of one who is traced by another',
    sent: sent({ signal: KILL, info: none, ...forThread, target: { ptrace: 1, tracer: 77 } }),
    cause: 'cgroup-kill',
    tells: true,
  },
  { what: 'a fork into a dying group', sent: sent({ signal: KILL, info: none }), cause: 'cgroup-kill', tells: false },
  {
    what: 'the death of a parent',
    sent: sent({ info: none, target: { parentDeathSignal: TERM }, sender: ending }),
    cause: 'parent-death',
    tells: true,
  },
  {
    what: 'a closed pipe',
    sent: sent({ signal: PIPE, info: none, ...forThread, sender: own }),
    cause: 'pipe',
    tells: false,
  },
  {
    what: 'a large file',
    sent: sent({ signal: XFSZ, info: none, ...forThread, sender: own }),
    cause: 'file-size-limit',
    tells: false,
  },
  { what: 'TIOCNOTTY', sent: sent({ signal: HUP, info: none }), cause: 'hangup', tells: true },
  {
    what: 'want of memory, its own',
    sent: sent({ signal: KILL, info: kernel, sender: own }),
    victims: [victim({ triggerTid: TARGET })],
    cause: 'out-of-memory',
    tells: false,
  },
  {
    what: "want of memory, another's",
    sent: sent({ signal: KILL, info: kernel }),
    victims: [victim()],
    cause: 'out-of-memory',
    tells: false,
  },
  {
    what: 'memory shared with a victim',
    sent: sent({ signal: KILL, info: kernel, target: { tid: 4001, pid: 4001 } }),
    victims: [victim()],
    cause: 'out-of-memory',
    tells: false,
  },
  {
    what: 'a mark of long ago',
    sent: sent({ signal: KILL, info: kernel, sender: own }),
    victims: [victim({ triggerTid: TARGET, at: seconds(99) })],
    cause: 'cpu-limit',
    tells: false,
  },
  {
    what: 'a victim of that number, born at another time',
    sent: sent({ signal: KILL, info: kernel, sender: own }),
    victims: [victim({ triggerTid: TARGET, start: seconds(3), memory: 0n })],
    cause: 'cpu-limit',
    tells: false,
  },
  {
    what: 'PTRACE_O_EXITKILL',
    sent: sent({ signal: KILL, info: kernel, ...forThread, target: { ptrace: 0x800001 }, sender: ending }),
    cause: 'tracer',
    tells: true,
  },
  {
    what: 'the end of a pid namespace',
    sent: sent({ signal: KILL, info: kernel, sender: ending }),
    cause: 'namespace-end',
    tells: true,
  },
  { what: 'RLIMIT_CPU', sent: sent({ signal: XCPU, info: kernel, sender: own }), cause: 'cpu-limit', tells: false },
  { what: 'Ctrl-C', sent: sent({ signal: INT, info: kernel }), cause: 'terminal', tells: false },
  { what: 'Ctrl-\\', sent: sent({ signal: QUIT, info: kernel }), cause: 'terminal', tells: false },
  { what: 'a closed terminal', sent: sent({ signal: HUP, info: kernel }), cause: 'hangup', tells: false },
  {
    what: 'the end of a session leader',
    sent: sent({ signal: HUP, info: kernel, sender: ending }),
    cause: 'hangup',
    tells: true,
  },
  { what: 'alarm(2)', sent: sent({ signal: ALRM, info: kernel }), cause: 'timer', tells: false },
  { what: 'O_ASYNC', sent: sent({ signal: IO, info: kernel }), cause: 'io', tells: false },
  { what: 'a driver', sent: sent({ signal: TERM, info: kernel }), cause: 'kernel', tells: false },
];

for (const { what, sent: signal, victims = [], cause, tells } of CASES) {
  test(`${what}: ${cause}, ${tells ? 'and who sent it' : 'and nobody sent it'}`, () => {
    assert.deepEqual(judge(signal, victims), { cause, tellsSender: tells });
  });
}

test('every cause but an end by itself is decided by a row, and has a case here', () => {
  const decided = CAUSE_NAMES.filter((name) => name !== 'exit').sort();
  assert.deepEqual([...new Set(DECISIONS.map(({ cause }) => cause))].sort(), decided);
  assert.deepEqual([...new Set(CASES.map(({ cause }) => cause))].sort(), decided);
});
