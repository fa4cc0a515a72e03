/** A small machine for tests of `ps`: init, a kernel thread, a shell of ada's with a child of two threads, and a daemon in a container. */
import { ScriptedHost } from '../support/scripted-host.ts';

const ID = '0123456789abcdef'.repeat(4);

export function machine(argv: readonly string[], terminal?: { width: number; height: number }): ScriptedHost {
  const host = new ScriptedHost({ argv: ['ps', ...argv], ...(terminal && { terminal }) });
  const root = { uid: 0, ruid: 0, rgid: 0, egid: 0 };
  const ada = { uid: 1000, ruid: 1000, rgid: 100, egid: 100 };
  const idle = { userTicks: 0, systemTicks: 0, minorFaults: 0, majorFaults: 0 };
  host.tasks
    .add({ pid: 1, ppid: 0, comm: 'init', args: ['/sbin/init'], exe: '/sbin/init', ...root, ...idle, startTicks: 0 })
    .add({ pid: 2, ppid: 0, pgid: 0, sid: 0, comm: 'kthreadd', ...root, ...idle, startTicks: 0 })
    .add({ pid: 100, pgid: 100, sid: 100, comm: 'bash', args: ['-bash'], exe: '/bin/bash', ...ada, ...idle })
    .add({
      pid: 200,
      ppid: 100,
      pgid: 200,
      sid: 100,
      state: 'R',
      comm: 'cc1',
      args: ['cc1', '-o', 'a file'],
      exe: '/usr/lib/cc1',
      exeDeleted: true,
      ...ada,
      userTicks: 150,
      systemTicks: 25,
      minorFaults: 12,
      majorFaults: 3,
      virtualKib: 200_000,
      residentKib: 70_000,
      peakKib: 71_000,
      swapKib: 0,
      readBytes: 4096,
      writeBytes: 0,
      readChars: 9000,
      writeChars: 10,
    })
    .add({ pid: 200, tid: 201, ppid: 100, pgid: 200, sid: 100, comm: 'worker', ...ada })
    .add({
      pid: 300,
      comm: '\x1b]0;x\x07\n\u202e',
      args: ['\x1b[2J', { text: 'a\ufffd', bytes: Buffer.from([0x61, 0xff]) }],
      argsTotal: 200_000,
      uid: 4242,
      ruid: 0,
      residentKib: 80_000,
      cgroup: `/system.slice/docker-${ID}.scope`,
    });
  return host;
}
