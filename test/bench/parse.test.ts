/** What the benchmark reads out of each tool's output, from lines as the tools write them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  COMMANDS,
  extraceTold,
  forkstatTold,
  isOwn,
  judge,
  PLACES,
  procwatchTold,
  readerTold,
  shownTold,
  snoopsTold,
  type Tally,
  type Told,
} from '../../bench/parse.ts';

const LOAD = new Set([100]);

function tallyOf(told: Told, text: string): Tally {
  for (const line of text.trim().split('\n')) told.take(line);
  return told.tally();
}

test('procwatch: processes belong to their parent, threads to their process; its own records are no events', () => {
  const rows = [
    { event: 'start' },
    { event: 'fork', pid: 101, tid: 101, ppid: 100 },
    { event: 'fork', pid: 201, tid: 201, ppid: 200 },
    { event: 'clone', pid: 100, tid: 102, ppid: 1 },
    { event: 'clone', pid: 101, tid: 103, ppid: 100 },
    { event: 'exit', pid: 100, tid: 102, ppid: 1, thread: true },
    { event: 'exit', pid: 101, tid: 101, ppid: 100 },
    { event: 'found', pid: 300, tid: 300, ppid: 100 },
    { event: 'lost', reason: 'overrun', count: 7 },
    { event: 'lost', reason: 'starved' },
    { event: 'end' },
  ];
  const text = rows.map((row) => JSON.stringify(row)).join('\n');
  assert.deepEqual(tallyOf(procwatchTold(LOAD), text), { events: 6, ofLoad: 4, losses: 7, lossUnit: ' events' });
});

test('pretty and table: a line an event, with the parent after the pid; a loss has its count', () => {
  const pretty = `
TIME          EVENT         PID  PARENT              USER      WHAT
07:37:45.411  fork          101  100 load            root      (./load exits 2 2)
07:37:45.412  exec          201  200 sh              root      ls fork 3 100
07:37:45.500  exit          101  100 load            root      exit 2 after 89.0ms · ./load unique-1
07:37:45.501  exit          102
07:37:45.504  lost        1,204 events were lost: the kernel's queue for us was full (since 07:37:45.501)`;
  const table = `
TIME          EVENT         PID     PPID  USER      EXIT_CODE  SIGNAL     DURATION_S  ARGS
07:37:45.602  exit          101      100                    6
07:37:45.614  fork          201      200  root                                        sh
07:37:45.615  lost  12  overrun`;
  assert.deepEqual(tallyOf(shownTold(LOAD), pretty), { events: 4, ofLoad: 2, losses: 1204, lossUnit: ' events' });
  assert.deepEqual(tallyOf(shownTold(LOAD), table), { events: 2, ofLoad: 1, losses: 12, lossUnit: ' events' });
});

test('execsnoop and exitsnoop: pid and parent after a name of any kind', () => {
  const text = `
PCOMM            PID    PPID   RET ARGS
load             101    100      0 /tmp/load unique-1
a name 7 8       201    200      0 /bin/ls 1 2 100 3
PCOMM            PID     PPID    TID     AGE(s)  EXIT_CODE
load             101     100     101     0.00    0
sixteen letters1 1400000 1400001 1400000 0.00    signal 9 (Killed)`;
  assert.deepEqual(tallyOf(snoopsTold(LOAD), text), { events: 4, ofLoad: 2, losses: undefined, lossUnit: '' });
});

test('forkstat: two lines a birth; in its favour what it could not attribute is of the load', () => {
  const text = `
Time     Event   PID Info   Duration Process
10:24:23 exit     90      0   unknown <unknown>
10:24:24 fork    100 parent          ./load exits 2 2
10:24:24 fork    101 child           ./load exits 2 2
10:24:24 fork    200 parent          sh
10:24:24 fork    201 child           sh
10:24:24 clone   100 parent          ./load threads 3 1
10:24:24 clone   102 thread          ./load threads 3 1
10:24:24 fork      0 parent          [swapper]
10:24:24 fork    103 child           <unknown>
10:24:24 exec    201                 ls
10:24:24 exec    101                 ./load unique-1
10:24:24 exit    101      0   0.000s ./load exits 2 2
10:24:24 exit    104      0   unknown <unknown>
10:24:24 exit    201    256   0.000s ls
10:24:25 recv ----- nobufs          (No buffer space available)`;
  assert.deepEqual(tallyOf(forkstatTold(LOAD), text), {
    events: 10,
    ofLoad: 6,
    losses: 1,
    lossUnit: ' overruns of unknown size',
  });
});

test('extrace and the C reader', () => {
  const text = `
    100+ ./load exits 2 2
      101 ./load unique-1
    100- ./load exited status=0 time=0.001s
extrace: something`;
  assert.equal(tallyOf(extraceTold(), text).events, 3);
  const report = '{"events":12,"drops":3,"p50_us":20,"p99_us":90,"of":{"100":8,"200":2}}';
  assert.deepEqual(tallyOf(readerTold(LOAD), report), { events: 12, ofLoad: 8, losses: 3, lossUnit: ' events' });
  assert.deepEqual(readerTold(LOAD).tally(), { events: 0, ofLoad: 0, losses: 0, lossUnit: ' events' });
});

test('the command of an exec, as each tool shows it', () => {
  const found = {
    procwatch: COMMANDS.procwatch('{"event":"exec","pid":7,"args":["/tmp/load","unique-1"]}'),
    unread: COMMANDS.procwatch('{"event":"exec","pid":7}'),
    forkstat: COMMANDS.forkstat('10:24:24 exec      7                 /tmp/load unique-1 '),
    extrace: COMMANDS.extrace('        7 /tmp/load unique-1'),
    started: COMMANDS.extrace('  7+ /tmp/load unique-1'),
    execsnoop: COMMANDS.execsnoop('load             7       3         0 /tmp/load unique-1'),
  };
  const { unread, ...whole } = found;
  for (const command of Object.values(whole)) assert.deepEqual(command, { pid: 7, text: '/tmp/load unique-1' });
  assert.deepEqual(unread, { pid: 7, text: '' });
  const others = [
    COMMANDS.procwatch('{"event":"exit","pid":7}'),
    COMMANDS.forkstat('10:24:24 exit      7      0   0.000s /tmp/load unique-1'),
    COMMANDS.extrace('  7- /tmp/load exited status=0 time=0.001s'),
    COMMANDS.execsnoop('PCOMM            PID    PPID   RET ARGS'),
  ];
  assert.deepEqual(
    others,
    others.map(() => undefined),
  );
});

test('the place of an exec, as procwatch and extrace show it', () => {
  const place = { pid: 7, exe: '/tmp/3/program', cwd: '/tmp/4' };
  assert.deepEqual(PLACES.procwatch(JSON.stringify({ event: 'exec', ...place })), place);
  assert.deepEqual(PLACES.procwatch('{"event":"exec","pid":7}'), { pid: 7, exe: '', cwd: '' });
  assert.equal(PLACES.procwatch('{"event":"exit","pid":7}'), undefined);
  assert.deepEqual(PLACES.extrace('    7 /tmp/4 % /tmp/3/program unique-1'), place);
  assert.equal(PLACES.extrace('extrace: out of order message on cpu 1'), undefined);
});

test('a path is right only as a whole', () => {
  const told = ['/tmp/1', '/tmp/1/program', '', '-'].map((text, pid) => ({ pid, text }));
  const expected = new Map(told.map(({ pid }) => [pid, '/tmp/1']));
  assert.deepEqual(judge(told, expected, isOwn), { right: 1, wrong: 1 });
});

test('own arguments are right, those of another are wrong, none are neither', () => {
  const expected = new Map([1, 2, 3, 4, 5].map((pid) => [pid, `unique-${pid}`]));
  const told = [
    { pid: 1, text: 'load unique-1' },
    { pid: 2, text: 'load execs 5 2' },
    { pid: 3, text: '<unknown>' },
    { pid: 4, text: '' },
    { pid: 4, text: "''" },
    { pid: 1, text: 'load unique-1' },
    { pid: 9, text: 'load unique-5' },
  ];
  assert.deepEqual(judge(told, expected), { right: 1, wrong: 1 });
});
