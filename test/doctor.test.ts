/** What doctor concludes from what it finds, in worlds where everything is as it should be but one thing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runDoctor } from '../src/commands/doctor.ts';
import { CHECKS, type Checked, type Diagnosis } from '../src/doctor/checks.ts';
import type { Answers, Probes } from '../src/doctor/probes.ts';
import { EXIT } from '../src/errors.ts';
import { explainNoNativeCode } from '../src/netlink/diagnose.ts';
import { ScriptedHost, ScriptedStream, type World } from './support/scripted-host.ts';

const ALL_CAPABILITIES = '000001ffffffffff';
const FILES: Record<string, string> = {
  '/proc/self/status': `Name:\tnode\nCapEff:\t${ALL_CAPABILITIES}\n`,
  '/proc/sys/net/core/rmem_max': '212992\n',
  '/proc/net/netlink':
    'sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode\n' +
    '0000000000000000 11  0          00000000 0        0        0     2        0        18\n' +
    '0000000000000000 15  771        00000002 0        0        0     2        0        20\n',
  '/proc/self/mountinfo': '23 1 0:21 / /proc rw,relatime shared:5 - proc proc rw\n',
  '/proc/1/cmdline': '/sbin/init\0',
};
const ANSWERS: Answers = {
  accounts: 'exact',
  taskstats: 'given',
  ring: 'possible',
  pidfd: 'with status',
  capture: 'possible',
  causes: 'possible',
};

interface Patient extends World {
  readonly files?: Readonly<Record<string, string>>;
  readonly answers?: Partial<Answers>;
  readonly node?: string;
  readonly broken?: Error;
}

function hostOf({ files, connector, ...world }: Patient): ScriptedHost {
  const host = new ScriptedHost({ ...world, connector: { mayForce: true, rmemMax: 212_992, ...connector } });
  for (const [path, text] of Object.entries({ ...FILES, ...files })) {
    const file = new ScriptedStream();
    file.write(text);
    host.files.set(path, file);
  }
  return host;
}

async function examine(patient: Patient = {}) {
  const host = hostOf(patient);
  const probes: Probes = {
    versions: { node: patient.node ?? '22.23.3', koffi: '3.3.4' },
    ask: async () => ({ ...ANSWERS, ...patient.answers }),
  };
  const load = async (): Promise<Probes> => {
    if (patient.broken !== undefined) throw patient.broken;
    return probes;
  };
  const end = await runDoctor(host, { json: true }, load);
  const diagnosis: Diagnosis & { exit_code: number } = JSON.parse(host.stdout.text);
  const text = hostOf(patient);
  await runDoctor(text, { json: false }, load);
  return { end, diagnosis, text: text.stdout.text, connector: host.connector };
}

const notFine = ({ checks }: Diagnosis): Checked[] => checks.filter(({ verdict }) => verdict !== 'ok');

test('where all is well every check says so, and the exit code is 0', async () => {
  const { end, diagnosis, text } = await examine();
  assert.deepEqual(notFine(diagnosis), []);
  assert.equal(end, 'ok');
  assert.equal(diagnosis.exit_code, 0);
  assert.match(text, /watch works fully here\.\n$/);
});

test('every check has a row in the text and an object in JSON, in the order of the table', async () => {
  const { diagnosis, text } = await examine();
  const names = CHECKS.map(({ name }) => name);
  assert.deepEqual(
    diagnosis.checks.map(({ name }) => name),
    names,
  );
  const rows = text.split('\n').slice(0, names.length);
  assert.deepEqual(
    rows.map((row) => row.split(/ +/)[1]),
    names,
  );
});

test('the subscription is really made, and given up properly', async () => {
  const { connector } = await examine();
  const calls = connector.calls.map(({ call }) => call);
  assert.ok(calls.includes('listen') && calls.includes('join'));
  assert.equal(calls.filter((call) => call === 'ignore').length, 2);
  assert.equal(calls.filter((call) => call === 'close').length, calls.filter((call) => call === 'open').length);
  assert.equal(connector.listeners, 0);
});

interface Case {
  readonly name: string;
  readonly patient: Patient;
  readonly exit: number;
  /** The checks that are not fine, each with its verdict. */
  readonly finds: Readonly<Record<string, string>>;
  readonly says: RegExp;
}

const INEXACT = { impossible: 'EPERM (operation not permitted)' };
/** Where programs in the kernel cannot take its place either. */
const NO_RING = { impossible: 'EPERM (operation not permitted)' };
const UNCHECKED = { filter: 'unchecked', buffer: 'unchecked', 'listener-count': 'unchecked' };
const NO_SUBSCRIPTION = { 'source-bpf': 'degraded', ...UNCHECKED };

const CASES: readonly Case[] = [
  {
    name: 'an ordinary user is told what stays unknown',
    patient: {
      files: { '/proc/self/status': 'CapEff:\t0000000000000000\n' },
      answers: { accounts: INEXACT, taskstats: 'refused' },
    },
    exit: 1,
    finds: { privileges: 'degraded', usage: 'degraded' },
    says: /exe and cwd of other users' processes stay unknown\n +fix: sudo/,
  },
  {
    name: 'a short queue is measured against a busy machine',
    patient: { connector: { mayForce: false } },
    exit: 1,
    finds: { buffer: 'degraded' },
    says: /212,992 bytes granted, room for 512 events; net\.core\.rmem_max is 212,992.*\n +fix: sysctl -w net\.core\.rmem_max=\d{7} /,
  },
  {
    name: 'a kernel without event mask works fully by the other filter',
    patient: { connector: { kind: 'old' } },
    exit: 0,
    finds: {},
    says: /a BPF program at the socket/,
  },
  {
    name: 'an old kernel wants privilege',
    patient: { connector: { kind: 'old-unprivileged' }, answers: { ring: NO_RING } },
    exit: 77,
    finds: { subscription: 'permission', ...NO_SUBSCRIPTION },
    says: /EPERM.*\n +fix: kernels before 6\.6 want CAP_NET_ADMIN[\s\S]*more privilege here\.\n$/,
  },
  {
    name: 'a pid namespace is named as the obstacle',
    patient: {
      connector: { kind: 'silent' },
      circumstances: { initialPidNamespace: false },
      answers: { ring: NO_RING },
    },
    exit: 69,
    finds: { 'pid-namespace': 'unavailable', subscription: 'unavailable', ...NO_SUBSCRIPTION },
    says: /--pid=host[\s\S]*watch cannot work here\.\n$/,
  },
  {
    name: 'a user namespace is named as the obstacle',
    patient: {
      connector: { kind: 'silent' },
      circumstances: { initialUserNamespace: false },
      answers: { ring: NO_RING },
    },
    exit: 69,
    finds: { 'user-namespace': 'unavailable', subscription: 'unavailable', ...NO_SUBSCRIPTION },
    says: /rootless container/,
  },
  {
    name: 'another network namespace is named as the obstacle',
    patient: {
      connector: { kind: 'refusing' },
      circumstances: { connectorListed: false },
      answers: { accounts: INEXACT, taskstats: 'elsewhere', ring: NO_RING },
    },
    exit: 69,
    finds: { connector: 'unavailable', subscription: 'unavailable', ...NO_SUBSCRIPTION, usage: 'degraded' },
    says: /ECONNREFUSED[\s\S]*--network=host[\s\S]*not in this network or pid namespace/,
  },
  {
    name: 'programs in the kernel take the place of a connector that cannot be had, and that is said with what they tell',
    patient: { connector: { kind: 'silent' }, circumstances: { initialPidNamespace: false } },
    exit: 1,
    finds: { 'pid-namespace': 'degraded', subscription: 'degraded', ...UNCHECKED },
    says: /yes, and they do so here: fork, exec, exit, .*pids of the initial namespace\n[\s\S]*within the limits named above\.\n$/,
  },
  {
    name: 'programs that may not run are no fault where the connector is there',
    patient: { answers: { ring: NO_RING } },
    exit: 0,
    finds: {},
    says: /no: EPERM.*they are not needed here/,
  },
  {
    name: 'a count of listeners that somebody drove below zero is noticed although it was repaired',
    patient: { connector: { listeners: -2 } },
    exit: 1,
    finds: { 'listener-count': 'degraded' },
    says: /another program has taken listeners off/,
  },
  {
    name: 'hidden processes are noticed, with the mount option that hides them',
    patient: {
      files: {
        '/proc/self/mountinfo': '23 1 0:21 / /proc rw,relatime - proc proc rw,hidepid=invisible\n',
        '/proc/1/cmdline': '',
      },
    },
    exit: 1,
    finds: { hidepid: 'degraded' },
    says: /mounted with hidepid=invisible; their arguments stay unknown/,
  },
  {
    name: 'a kernel without accounts of processes is told so',
    patient: { answers: { accounts: INEXACT, taskstats: 'absent' } },
    exit: 1,
    finds: { usage: 'degraded' },
    says: /CONFIG_TASKSTATS=y/,
  },
  {
    name: 'where no program may run in the kernel, what processes used is known all the same, but not exactly',
    patient: { answers: { accounts: INEXACT } },
    exit: 1,
    finds: { usage: 'degraded' },
    says: /not the CPU time since the last clock tick: EPERM.*\n +fix: sudo, or CAP_BPF with CAP_PERFMON/,
  },
  {
    name: 'a kernel without process descriptors is told so',
    patient: { answers: { pidfd: 'absent' } },
    exit: 1,
    finds: { pidfd: 'degraded' },
    says: /kernel 5\.3 or newer/,
  },
  {
    name: 'descriptors that do not tell the status of the gone are no fault',
    patient: { answers: { pidfd: 'without status' } },
    exit: 0,
    finds: {},
    says: /needs 6\.15/,
  },
  {
    name: 'what was not checked is not called good, and no fault either',
    patient: { answers: { capture: 'unchecked' } },
    exit: 0,
    finds: { capture: 'unchecked' },
    says: /^unchecked +capture +not asked$/m,
  },
  {
    name: 'an impossible capture comes with its reason',
    patient: { answers: { capture: { impossible: 'EPERM (operation not permitted)' } } },
    exit: 1,
    finds: { capture: 'degraded' },
    says: /no: EPERM/,
  },
  {
    name: 'a Node.js that is too old is told so',
    patient: { node: '20.18.1' },
    exit: 1,
    finds: { node: 'degraded' },
    says: /install Node\.js 20\.19 or newer/,
  },
  {
    name: 'without its native part everything that can be looked at still is',
    patient: { broken: explainNoNativeCode(new Error('Cannot find the native Koffi module\n    did you bundle it?')) },
    exit: 69,
    finds: {
      koffi: 'unavailable',
      connector: 'unchecked',
      'pid-namespace': 'unchecked',
      'user-namespace': 'unchecked',
      subscription: 'unavailable',
      ...NO_SUBSCRIPTION,
      'source-bpf': 'unchecked',
      usage: 'unchecked',
      pidfd: 'unchecked',
      capture: 'unchecked',
      causes: 'unchecked',
    },
    says: /native Koffi module\n +fix: install procwatch again, with its optional dependencies/,
  },
];

for (const { name, patient, exit, finds, says } of CASES) {
  test(name, async () => {
    const { end, diagnosis, text } = await examine(patient);
    assert.deepEqual(Object.fromEntries(notFine(diagnosis).map((check) => [check.name, check.verdict])), finds);
    assert.match(text, says);
    assert.equal(diagnosis.exit_code, exit);
    assert.equal(EXIT[end].code, exit);
  });
}

test('whatever is not fine comes with a fix, except what was not checked', async () => {
  for (const { patient } of CASES) {
    const { diagnosis } = await examine(patient);
    for (const { name, verdict, fix } of notFine(diagnosis)) {
      assert.equal(fix === undefined || fix === '', verdict === 'unchecked', `${name}: ${fix}`);
    }
  }
});

test('other listeners are counted with their ports, the kernel itself is not', async () => {
  const rows = '0 11 0 00000000 0 0 0 2 0 18\n0 11 4242 00000001 0 0 0 2 0 19\n0 11 4243 00000001 0 0 0 2 0 20\n';
  const { diagnosis } = await examine({ files: { '/proc/net/netlink': `sk Eth Pid Groups\n${rows}` } });
  const check = diagnosis.checks.find(({ name }) => name === 'other-listeners');
  assert.match(check?.answer ?? '', /: 2, with the ports \(often pids\) 4242, 4243$/);
});
