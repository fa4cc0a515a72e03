/** Control groups of every kind of machine, and the containers in them, a row for each manager. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONTAINER_FORMS, cgroupPathIn, containerOf } from '../../src/process/cgroup.ts';

const ID = 'ab'.repeat(32);
const UUID = '01234567-89ab-cdef-0123-456789abcdef';
const TASK = '0123456789abcdef0123456789abcdef';

test('the path is read of the hierarchy that sorts processes: the unified, the one of systemd, the controllers', () => {
  assert.equal(cgroupPathIn('0::/system.slice/x.service\n'), '/system.slice/x.service');
  assert.equal(cgroupPathIn('9:name=systemd:/user.slice\n4:memory:/x\n0::/\n'), '/user.slice');
  assert.equal(cgroupPathIn('9:name=systemd:/\n4:memory:/x/y\n1:cpu,cpuacct:/z\n0::/\n'), '/x/y');
  assert.equal(cgroupPathIn('1:cpu,cpuacct:/z\n'), '/z');
  assert.equal(cgroupPathIn('4:memory:/\n0::/\n'), '/');
  assert.equal(cgroupPathIn(''), undefined);
});

test('steps up to another namespace are no part of a path', () => {
  assert.equal(cgroupPathIn('0::/../../system.slice/x.service\n'), '/system.slice/x.service');
  assert.equal(cgroupPathIn('0::/..\n'), '/');
  assert.equal(cgroupPathIn('0::/..x\n'), '/..x');
});

const ROWS: readonly [path: string, container: string | undefined][] = [
  [`/docker/${ID}`, ID],
  [`/system.slice/docker-${ID}.scope/init.scope`, ID],
  [`/machine.slice/libpod-${ID}.scope/container`, ID],
  [`/libpod_parent/libpod-${ID}`, ID],
  [`/machine.slice/libpod-conmon-${ID}.scope`, undefined],
  [`/kubepods.slice/kubepods-pod1.slice/crio-${ID}.scope`, ID],
  [`/kubepods.slice/kubepods-pod1.slice/crio-conmon-${ID}.scope`, undefined],
  [`/kubepods.slice/kubepods-pod1.slice/cri-containerd-${ID}.scope`, ID],
  [`/kubepods/burstable/pod${UUID}/${ID}`, ID],
  [`/kubepods-pod1.slice:cri-containerd:${ID}`, ID],
  [`/system.slice/nerdctl-${ID}.scope`, ID],
  [`/ecs/${TASK}/${ID}`, ID],
  [`/ecs/${TASK}/${TASK}-1234567890`, `${TASK}-1234567890`],
  [`/system.slice/garden.service/garden/${UUID}`, UUID],
  [`/mesos/${UUID}`, UUID],
  ['/lxc/web', 'web'],
  ['/lxc.payload.web/system.slice/ssh.service', 'web'],
  ['/lxc.payload/web', 'web'],
  ['/lxc.monitor.web', undefined],
  ['/machine.slice/systemd-nspawn@web.service/payload/x', 'web'],
  ['/machine.slice/systemd-nspawn@web.service/supervisor', undefined],
  ['/machine.slice/machine-my\\x2dweb.scope', 'my-web'],
  ['/machine.slice/machine-qemu\\x2d1\\x2dvm.scope', undefined],
  [`/docker/${'cd'.repeat(32)}/lxc/inner`, 'inner'],
  ['/', undefined],
  ['/user.slice/user-1000.slice/session-1.scope', undefined],
];

for (const [path, container] of ROWS) {
  test(`${path} is ${container ?? 'no container'}`, () => assert.equal(containerOf(path), container));
}

test('each form of the table has a row here, and a source', () => {
  for (const { runtime, pattern, source } of CONTAINER_FORMS) {
    assert.ok(
      ROWS.some(([path]) => path.search(pattern) >= 0),
      runtime,
    );
    assert.ok(source.length > 0);
  }
});
