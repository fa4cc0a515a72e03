/** What the path of a control group tells: the container and the systemd unit, by the naming habits of the usual managers. Pure. */

/** 64 hex digits, as Docker, containerd, CRI-O and Podman name a container's group (`docker-ID.scope`, `/ID`, `cri-containerd-ID.scope`). */
const CONTAINER_ID = /(?:^|[/:-])([0-9a-f]{64})(?:\.scope)?(?=\/|$)/g;
/** LXC and LXD: `/lxc.payload.NAME`, `/lxc/NAME`. */
const LXC = /\/lxc(?:\.payload\.|\/)([^/]+)/;

/** The innermost container's id or name. */
export function containerOf(path: string): string | undefined {
  let id: string | undefined;
  for (const match of path.matchAll(CONTAINER_ID)) id = match[1];
  return id ?? LXC.exec(path)?.[1];
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
