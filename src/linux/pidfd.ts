/**
 * Process descriptors: a handle on one process that no reuse of its number can mislead, readable once the whole process has ended,
 * also by those who may see nothing of it in /proc. Since 6.15 it tells the wait status after the process was reaped.
 * Source: pidfd_open(2), pidfd_send_signal(2), linux/pidfd.h (`struct pidfd_info`), fs/pidfs.c.
 */
import { close, errno, ioctl, openat, pidfdOpen, pidfdSendSignal, pollOnce, read } from './libc.ts';
import { whenReadable } from './readiness.ts';

/** The same numbers on every architecture. */
const SYS_PIDFD_OPEN = 434;
const SYS_PIDFD_SEND_SIGNAL = 424;
const POLLIN = 0x1;
const POLLHUP = 0x10;
const ESRCH = 3;
/** What kernels answer for a thread that does not lead its process: ENOENT the newer ones, EINVAL those before. */
const OF_THREAD: readonly number[] = [2, 22];

/** PIDFD_GET_INFO: _IOWR(0xff, 11, 64 bytes); the kernel fills what `mask` asks for, and says in it what it filled. */
const GET_INFO = 0xc040ff0b;
const INFO = { words: 16, wantExit: 1 << 3, exitCodeWord: 15 } as const;

/** `struct pollfd`: i32 fd, i16 events, i16 revents. */
function readiness(fd: number): number {
  const request = new Int32Array(2);
  request[0] = fd;
  new Int16Array(request.buffer)[2] = POLLIN;
  pollOnce(request, 1, 0);
  return new Int16Array(request.buffer)[3];
}

function waitStatus(fd: number): number | undefined {
  const info = new Uint32Array(INFO.words);
  info[0] = INFO.wantExit;
  const failed = ioctl(fd, GET_INFO, info) < 0;
  return failed || (info[0] & INFO.wantExit) === 0 ? undefined : info[INFO.exitCodeWord];
}

const AT_FDCWD = -100;
const O_CLOEXEC = 0o2000000;
const infoBytes = new Uint8Array(512);

/** From /proc/self/fdinfo: -1 once the process was reaped, 0 where this /proc belongs to a namespace that does not have it. */
function procPid(fd: number): number | undefined {
  const file = openat(AT_FDCWD, Buffer.from(`/proc/self/fdinfo/${fd}\0`, 'latin1'), O_CLOEXEC);
  if (file < 0) return undefined;
  const length = read(file, infoBytes, infoBytes.length);
  close(file);
  const line = /^Pid:\t(\d+)$/m.exec(Buffer.from(infoBytes.subarray(0, Math.max(0, length))).toString('latin1'));
  return line === null || line[1] === '0' ? undefined : Number(line[1]);
}

/** `thread`: the number of a thread that leads no process. */
function whyNone(error: number): 'gone' | 'thread' | 'unsupported' {
  if (error === ESRCH) return 'gone';
  return OF_THREAD.includes(error) ? 'thread' : 'unsupported';
}

/** A descriptor of this process, or why there is none; `unsupported` on kernels before 5.3. */
export function openPidfd(pid: number) {
  const fd = pidfdOpen(SYS_PIDFD_OPEN, pid, 0);
  if (fd < 0) return whyNone(errno());
  let watch: { close(): void } | undefined;
  return {
    state(): 'alive' | 'zombie' | 'reaped' {
      const events = readiness(fd);
      if ((events & POLLIN) === 0) return 'alive';
      return (events & POLLHUP) === 0 ? 'zombie' : 'reaped';
    },
    waitStatus: () => waitStatus(fd),
    procPid: () => procPid(fd),
    send(signal: number): void {
      pidfdSendSignal(SYS_PIDFD_SEND_SIGNAL, fd, signal, null, 0);
    },
    onEnd(listener: () => void): void {
      watch = whenReadable(fd, listener);
    },
    ignore(): void {
      watch?.close();
      watch = undefined;
    },
    close(): void {
      watch?.close();
      close(fd);
    },
  };
}
