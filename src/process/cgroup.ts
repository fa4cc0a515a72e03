/**
 * Control groups: the path of a process in whichever hierarchy sorts processes on this machine, and what a path tells, the container and the
 * systemd unit, by the naming habits of the usual managers. Pure.
 */

/** Of hierarchies of version 1, after that of systemd: those by which containers and sessions are limited, the usual ones first. */
const CONTROLLERS = ['memory', 'cpu', 'pids', 'cpuacct', 'devices', 'blkio', 'freezer'];
const ROOT = '/';

/** As seen from another control group namespace a path begins with steps up to where both are. */
const withoutSteps = (path: string): string => path.replace(/^(?:\/\.\.)+(?=\/|$)/, '') || ROOT;

/**
 * The path in a file like /proc/PID/cgroup: of the unified hierarchy; where that sorts nobody, since others of version 1 do (hybrid and old
 * machines), of the one named systemd, then of the controllers. Source: cgroups(7).
 */
export function cgroupPathIn(text: string): string | undefined {
  const byName = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, names, path] = /^\d+:([^:]*):(.*)$/s.exec(line) ?? [];
    if (names !== undefined) for (const name of names.split(',')) byName.set(name, withoutSteps(path));
  }
  const paths = ['', 'name=systemd', ...CONTROLLERS].map((name) => byName.get(name));
  return paths.find((path) => path !== undefined && path !== ROOT) ?? paths.find((path) => path !== undefined);
}

interface Form {
  readonly runtime: string;
  readonly source: string;
  /** Finds the id or name, as its first group, wherever in a path the form may be. */
  readonly pattern: RegExp;
}

/** What closes a segment. */
const END = '(?:\\.scope|\\.service)?(?=/|$)';
const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const form = (runtime: string, pattern: string, source: string): Form => ({
  runtime,
  source,
  pattern: new RegExp(pattern + END, 'g'),
});

/** THE table of how container managers name the groups of their containers. Their monitors (conmon, lxc.monitor, supervisor) are outside. */
export const CONTAINER_FORMS: readonly Form[] = [
  form(
    'Docker, Podman, CRI-O, containerd, Kubernetes, ECS on EC2',
    '(?:^|/|:|(?<!conmon)-)([0-9a-f]{64})',
    'github.com/opencontainers/runc docs/systemd.md; github.com/containers/podman; kubernetes.io, container runtimes',
  ),
  form('Fargate', '/ecs/[0-9a-f]{32}/([0-9a-f]{32}-\\d+)', 'docs.aws.amazon.com, task metadata endpoint version 4'),
  form(
    'Garden (Cloud Foundry)',
    `/garden/(${UUID}|[0-9a-f]{8}(?:-[0-9a-f]{4}){4}|[0-9a-z]{28})`,
    'github.com/cloudfoundry/guardian',
  ),
  form('Mesos', `/mesos/(${UUID})`, 'mesos.apache.org, cgroups isolator'),
  form(
    'LXC, LXD, Incus',
    '/lxc(?:\\.payload[./]|/)([^/]+?)',
    'linuxcontainers.org, lxc.container.conf(5), lxc.cgroup.dir.payload',
  ),
  form('systemd-nspawn', '/systemd-nspawn@([^/]+?)\\.service(?!/supervisor)', 'systemd-nspawn(1)'),
  form('systemd-nspawn, machined', '/machine-(?!qemu)((?:[^/]|\\\\x2d)+?)', 'systemd-machined.service(8)'),
];

/** The innermost container's id or name. */
export function containerOf(path: string): string | undefined {
  let found: { readonly at: number; readonly id: string } | undefined;
  for (const { pattern } of CONTAINER_FORMS) {
    for (const match of path.matchAll(pattern)) {
      if (found === undefined || match.index >= found.at) found = { at: match.index, id: match[1] };
    }
  }
  return found?.id.replaceAll('\\x2d', '-');
}

/** The innermost systemd unit. */
const UNIT = /\/([^/]+\.(?:service|scope|socket|mount|swap|slice))(?=\/|$)/g;

export function unitOf(path: string): string | undefined {
  let unit: string | undefined;
  for (const match of path.matchAll(UNIT)) {
    // A slice groups units: it names one only where nothing else does.
    if (unit === undefined || unit.endsWith('.slice') || !match[1].endsWith('.slice')) unit = match[1];
  }
  return unit;
}
