/**
 * A command under `procwatch run` is the same command: whatever it can find out about itself is what it would find out alone, but for its
 * parent. Each test makes two reports of one program, alone and under run, in the same circumstances.
 */
import assert from 'node:assert/strict';
import { kernelTest } from './support/requirements.ts';
import { inBash, readReport, reportFile, selfTeller, under, WAYS, type Way } from './support/run-support.ts';
import { Terminal } from './support/terminal.ts';
import { programTest } from './support/wait-support.ts';
import { BIN } from './support/watcher.ts';

const NEEDS = ['connector', 'compiler'] as const;
const EACH_WAY = Object.keys(WAYS) as Way[];
const BY_A_SHELL: readonly Way[] = ['by its name', 'by bash'];

/** What bash says it has started, which is not the same. */
const BARE = 'exec env -u _ "$@"';
const OWN_GROUP = 'export IN_GROUP=$(cut -d" " -f5 /proc/$$/stat) IN_SESSION=$(cut -d" " -f6 /proc/$$/stat)';

const DELETED = 'cd "$(mktemp -d)"; rmdir "$PWD"; exec env -u _ -u PWD -u OLDPWD "$@"';

interface Circumstances {
  readonly title: string;
  /** For bash; the command follows. */
  readonly script: string;
  /** Where something is lost however procwatch is started, or is no wonder. */
  readonly ways?: readonly Way[];
  readonly args?: readonly string[];
  readonly needs?: readonly 'root'[];
}

const CIRCUMSTANCES: readonly Circumstances[] = [
  { title: 'nothing special', script: `${OWN_GROUP}; ${BARE}` },
  {
    title: 'descriptors from 3 on, with gaps, of files, pipes and devices',
    script: `${BARE} 3>/dev/null 4</etc/passwd 7<> <(true) 9>>/dev/zero 18</ 40<&4 250</dev/null`,
  },
  { title: 'a pipe of which both ends are inherited', script: `exec 30<> <(sleep 0.2); ${BARE} 31>&30` },
  { title: 'a low soft limit of open files', script: `ulimit -Sn 256; ${BARE}`, ways: BY_A_SHELL },
  { title: 'a low soft limit of open files, of a shell that stays', script: 'ulimit -Sn 256; env -u _ "$@"; exit' },
  {
    title: 'other limits',
    script: `ulimit -c 0; ulimit -Ss 4096; ulimit -Su 5000; ulimit -f 100000; ulimit -l 64; ${BARE}`,
  },
  { title: 'SIGHUP ignored, as nohup has it', script: `trap "" HUP; ${BARE}` },
  { title: 'the ignored signals of a background job', script: `sh -c '"$@" & wait' sh env -u _ "$@"` },
  {
    title: 'many signals ignored',
    script: `trap "" HUP INT QUIT USR1 PIPE ALRM TERM STKFLT TSTP TTIN TTOU XCPU XFSZ WINCH IO PWR USR2 CONT; ${BARE}`,
    ways: BY_A_SHELL,
  },
  { title: 'SIGPIPE ignored', script: `trap "" PIPE; ${BARE}`, ways: BY_A_SHELL },
  {
    title: 'started by posix_spawn, as make does',
    script: `printf 'all:\\n\\t@env -u _ %s\\n' "$(printf '%q ' "$@")" | make -f -`,
  },
  // dash hears SIGCHLD and blocks nothing, whatever it was given.
  { title: 'SIGCHLD ignored', script: `exec env -u _ --ignore-signal=CHLD "$@"`, ways: ['by bash', 'by Node.js'] },
  { title: 'a signal mask', script: `exec env -u _ --block-signal=TERM,USR2,HUP "$@"`, ways: ['by bash'] },
  {
    title: 'an environment of strange names and bytes',
    script: `exec env -u _ 'a-b=1' 'BASH_FUNC_x%%=() { :; }' $'broken=\\xff\\xfe' 'empty=' ' =blank' "$@"`,
  },
  { title: 'hardly any environment', script: 'exec env -i "PATH=$PATH" "$@"' },
  {
    title: 'variables that Node.js itself would heed',
    script: `exec env -u _ NODE_OPTIONS=--no-warnings NODE_EXTRA_CA_CERTS=/etc/passwd "$@"`,
  },
  {
    title: 'arguments of any bytes',
    script: `exec env -u _ "$@" '' ' ' $'a\\xffb' $'\\xed\\xb2\\x80' 'ä€😀' $'\\n' '-x' '--' "$(printf '%01000d' 0)" ''`,
  },
  { title: 'stdin closed', script: `${BARE} <&-` },
  { title: 'stdout closed', script: `${BARE} >&-`, ways: BY_A_SHELL },
  { title: 'all three closed', script: `${BARE} <&- >&- 2>&-`, ways: BY_A_SHELL },
  { title: 'stdin opened for reading and writing on /dev/null', script: `${BARE} <>/dev/null`, ways: BY_A_SHELL },
  { title: 'output into a pipe', script: `${BARE} | cat` },
  // Every shell has a word to say about it.
  { title: 'a deleted directory', script: DELETED, ways: ['by Node.js'] },
  { title: 'a deleted directory, said or not', script: `${DELETED} 2>/dev/null` },
  { title: 'a umask', script: `umask 0137; ${BARE}` },
  { title: 'a session of its own', script: `exec setsid --wait env -u _ "$@"` },
  { title: 'a nice value', script: `exec nice -n 5 env -u _ "$@"` },
  { title: 'an io priority', script: `exec ionice -c 3 env -u _ "$@"` },
  { title: 'another scheduler', script: `exec chrt --batch 0 env -u _ "$@"` },
  { title: 'one processor', script: `exec taskset 1 env -u _ "$@"` },
  { title: 'an OOM score', script: `exec choom -n 500 -- env -u _ "$@"` },
  { title: 'another personality', script: `exec setarch -R env -u _ "$@"` },
  { title: 'no new privileges', script: `exec setpriv --no-new-privs env -u _ "$@"` },
  {
    title: 'fewer capabilities',
    script: `exec setpriv --bounding-set=-sys_admin,-sys_time --inh-caps=+kill env -u _ "$@"`,
    needs: ['root'],
  },
  {
    title: 'a plain user',
    script: `exec setpriv --reuid=65534 --regid=65534 --clear-groups env -u _ "$@"`,
    needs: ['root'],
  },
  {
    title: 'a user with more groups',
    script: `exec setpriv --reuid=65534 --regid=65534 --groups=4,24 env -u _ "$@"`,
    needs: ['root'],
  },
];

function compare(way: Way, { title, script, args = [] }: Circumstances): void {
  const self = selfTeller();
  const [alone, observed] = [reportFile(), reportFile()];
  const before = inBash(script, [self, alone, ...args]);
  const after = inBash(script, under(way, self, observed, ...args));
  assert.deepEqual(after, before, `${title}, ${way}`);
  assert.deepEqual(readReport(observed), readReport(alone), `${title}, ${way}`);
}

for (const one of CIRCUMSTANCES) {
  const { title, needs = [], ways = EACH_WAY } = one;
  kernelTest(`a command is the same under run: ${title}`, [...NEEDS, ...needs], async () => {
    for (const way of ways) compare(way, one);
  });
}

kernelTest('a pipe that takes our records too keeps its flags', NEEDS, async () => {
  const [alone, observed] = [reportFile(), reportFile()];
  const self = selfTeller();
  inBash('"$@" 2>&1 | cat', [self, alone]);
  const { stdout } = inBash('"$@" 2>&1 | cat', [
    BIN,
    'run',
    '--json',
    '--',
    'sh',
    '-c',
    `/bin/true; ${self} ${observed}`,
  ]);
  assert.match(stdout, /"event":"exec"/);
  const flags = (file: string) => readReport(file).filter((line) => /^fd [12] /.test(line));
  assert.deepEqual(flags(observed), flags(alone));
});

kernelTest('under sudo a command is what it is for the user who called it', [...NEEDS, 'root'], async () => {
  const self = selfTeller();
  const [alone, observed] = [reportFile(), reportFile()];
  const changes = 'USER=nobody LOGNAME=nobody HOME=/nonexistent';
  const env = { ...process.env, SUDO_USER: 'nobody', SUDO_UID: '65534', USER: 'root', LOGNAME: 'root', HOME: '/root' };
  inBash(`exec setpriv --reuid=nobody --regid=65534 --init-groups env -u _ ${changes} "$@"`, [self, alone], env);
  const { stderr } = inBash(BARE, under('by its name', self, observed), env);
  assert.equal(stderr, 'procwatch: the command runs as nobody, who called sudo; --as root keeps it root\n');
  assert.deepEqual(readReport(observed), readReport(alone));
});

programTest('a command is the same under run on a terminal', NEEDS, ['script'], async () => {
  for (const way of EACH_WAY) {
    const self = selfTeller();
    const [alone, observed] = [reportFile(), reportFile()];
    const quoted = under(way, self, observed).map((word) => `'${word}'`);
    const terminal = new Terminal(`${OWN_GROUP}; env -u _ ${self} ${alone}; env -u _ ${quoted.join(' ')}; exit $?`);
    assert.equal(await terminal.code(), 0);
    assert.equal(terminal.screen, '');
    assert.deepEqual(readReport(observed), readReport(alone), way);
    assert.ok(readReport(alone).includes('foreground yes'));
  }
});
