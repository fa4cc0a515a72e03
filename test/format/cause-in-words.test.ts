/** Why a process ended, as people read it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CAUSE_NAMES, CAUSES, type CauseName } from '../../src/cause/causes.ts';
import type { EndCause, Sender } from '../../src/cause/end-cause.ts';
import { endInWords } from '../../src/format/cause-in-words.ts';
import { HAZARDS, rawHazards } from '../support/records.ts';

const sender: Sender = {
  pid: 612,
  comm: 'systemd-oomd',
  uid: 0,
  start: { seconds: 1, nanos: 0 },
  isEnding: false,
  isItself: false,
};
const ending = { ...sender, comm: 'init', pid: 7, isEnding: true };
const asked = { signal: 'SIGTERM', by: 'signal', sender: { ...sender, comm: 'kubelet', pid: 812 }, before: 2 } as const;

const said = (waitStatus: number | undefined, cause?: EndCause): string => {
  const { how, detail } = endInWords({ waitStatus, cause });
  return `${how} …${detail}`;
};

const SAYINGS: readonly [string, number | undefined, EndCause | undefined][] = [
  ['ended, status unknown …', undefined, undefined],
  ['SIGKILL …', 9, undefined],
  ['SIGKILL …', 9, { cause: undefined }],
  ['exit 0 …', 0, { cause: 'exit' }],
  ['exit 143, asked by kubelet[812] (SIGTERM) …', 143 << 8, { cause: 'exit', asked }],
  [
    'exit 130, asked at the terminal (SIGINT) …',
    130 << 8,
    { cause: 'exit', asked: { ...asked, signal: 'SIGINT', by: 'terminal', sender: undefined } },
  ],
  ['exit 0, asked by SIGTERM …', 0, { cause: 'exit', asked: { ...asked, by: undefined, sender: undefined } }],
  ['SIGKILL by systemd-oomd[612] …', 9, { cause: 'signal', sender }],
  ['SIGTERM by itself …', 15, { cause: 'signal', sender: { ...sender, isItself: true } }],
  ['SIGTERM …', 15, { cause: 'signal' }],
  ['SIGABRT (core dumped) raised by itself …', 6 | 0x80, { cause: 'abort', sender }],
  ['SIGSEGV at 0x10 (not mapped) …', 11, { cause: 'fault', code: 'SEGV_MAPERR', address: 0x10n }],
  ['SIGSEGV …', 11, { cause: 'fault', code: 'SI_KERNEL' }],
  ['SIGSEGV inside exec …', 11, { cause: 'exec' }],
  ['SIGSYS at forbidden system call 110 …', 31, { cause: 'seccomp', syscall: 110 }],
  ['SIGBUS at 0x1000 (broken memory) …', 7, { cause: 'memory-error', code: 'BUS_MCEERR_AR', address: 0x1000n }],
  ['SIGIO as a file became ready …', 29, { cause: 'io' }],
  ['SIGALRM by its timer …', 14, { cause: 'timer' }],
  ['SIGKILL by its tracer init[7] …', 9, { cause: 'tracer', sender: ending }],
  ['SIGKILL with its control group by systemd-oomd[612] …', 9, { cause: 'cgroup-kill', sender }],
  ['SIGKILL with its control group …', 9, { cause: 'cgroup-kill' }],
  ['SIGTERM with its parent init[7] …', 15, { cause: 'parent-death', sender: ending }],
  ['SIGPIPE at a closed pipe …', 13, { cause: 'pipe' }],
  ['SIGXFSZ at its limit of file size …', 25, { cause: 'file-size-limit' }],
  ['SIGHUP at a hang-up …', 1, { cause: 'hangup' }],
  ['SIGHUP at a hang-up as init[7] ended …', 1, { cause: 'hangup', sender: ending }],
  ['SIGINT at the terminal …', 2, { cause: 'terminal' }],
  [
    'out of memory … (4.1G)',
    9,
    { cause: 'out-of-memory', outOfMemory: { residentKib: 4_299_162, trigger: { pid: 1, comm: 'x' } } },
  ],
  ['SIGKILL with its container as init[7] ended …', 9, { cause: 'namespace-end', sender: ending }],
  ['SIGXCPU at its limit of CPU time …', 24, { cause: 'cpu-limit' }],
  ['SIGTERM by the kernel …', 15, { cause: 'kernel' }],
];

for (const [words, status, cause] of SAYINGS) {
  test(`in words: ${words}`, () => assert.equal(said(status, cause), words));
}

test('every cause has its words here, and none leaves a brace', () => {
  const told = new Set(SAYINGS.map(([, , cause]) => cause?.cause));
  assert.deepEqual(
    CAUSE_NAMES.filter((name) => !told.has(name)),
    [],
  );
  for (const name of CAUSE_NAMES) assert.doesNotMatch(said(9, { cause: name }), /[{}]|undefined/, name);
});

test('no name of a sender plays tricks on a terminal', () => {
  for (const comm of HAZARDS) {
    const cause: CauseName = 'signal';
    const named = { ...sender, comm };
    assert.deepEqual(rawHazards(said(15, { cause, sender: named })), []);
    assert.deepEqual(rawHazards(said(0, { cause: 'exit', asked: { ...asked, sender: named } })), []);
  }
});

test('every row of the table has something to say', () => {
  for (const [name, row] of Object.entries(CAUSES)) {
    for (const text of [row.meaning, row.toldBy, row.carries, row.words]) assert.ok(text.length > 0, name);
  }
});
