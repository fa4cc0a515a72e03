/* Writes into a file what a process can find out about itself, a line for each fact, without what is the parent's or chance:
 *
 *   self FILE [ARG...]
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

extern char **environ;

static FILE *out;

static void bytes(const char *what, const char *text) {
  fprintf(out, "%s ", what);
  for (; *text; text++) fprintf(out, isgraph((unsigned char)*text) ? "%c" : "\\x%02x", (unsigned char)*text);
  fputc('\n', out);
}

static void copy(const char *path) {
  char line[4096];
  FILE *in = fopen(path, "re");
  while (in && fgets(line, sizeof line, in)) fprintf(out, "%s: %s%s", path, line, strchr(line, '\n') ? "" : "\n");
  if (in) fclose(in);
}

/* Of /proc/self/status what is neither a number of a process nor a size nor a count. */
static void status(void) {
  static const char *const left_out[] = {"State", "Tgid", "Ngid", "Pid",    "PPid", "NStgid", "NSpid",     "NSpgid",      "NSsid",
                                         "FDSize", "Vm",  "Rss",  "Hugetlb", "SigQ", "voluntary", "nonvoluntary"};
  char line[4096];
  FILE *in = fopen("/proc/self/status", "re");
  while (in && fgets(line, sizeof line, in)) {
    int wanted = 1;
    for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++)
      if (!strncmp(line, left_out[i], strlen(left_out[i]))) wanted = 0;
    if (wanted) fputs(line, out);
  }
  if (in) fclose(in);
}

/* Each descriptor with its flags and what it leads to; `taken` are this program's own. */
static void descriptors(int taken) {
  char path[64], target[256], file[64], line[256];
  for (int fd = 0; fd < 1024; fd++) {
    if (fd == taken) continue;
    int flags = fcntl(fd, F_GETFD);
    if (flags < 0) continue;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(path, target, sizeof target - 1);
    target[length < 0 ? 0 : length] = 0;
    snprintf(file, sizeof file, "/proc/self/fdinfo/%d", fd);
    FILE *in = fopen(file, "re");
    while (in && fgets(line, sizeof line, in))
      if (!strncmp(line, "flags:", 6) || !strncmp(line, "pos:", 4)) fprintf(out, "fd %d %s", fd, line);
    if (in) fclose(in);
    fprintf(out, "fd %d %s %d\n", fd, target, flags);
  }
}

static void dispositions(void) {
  for (int signal = 1; signal < NSIG; signal++) {
    struct sigaction now;
    if (syscall(SYS_rt_sigaction, signal, NULL, &now, 8) == 0)
      fprintf(out, "signal %d %s\n", signal, now.sa_handler == SIG_IGN ? "ignored" : now.sa_handler == SIG_DFL ? "default" : "?");
  }
}

static void relations(void) {
  pid_t group = getpgrp(), session = getsid(0), foreground = tcgetpgrp(2);
  fprintf(out, "group %s\n", getenv("IN_GROUP") ? (group == atoi(getenv("IN_GROUP")) ? "given" : "another") : "-");
  fprintf(out, "session %s\n", getenv("IN_SESSION") ? (session == atoi(getenv("IN_SESSION")) ? "given" : "another") : "-");
  fprintf(out, "foreground %s\n", foreground == group ? "yes" : foreground < 0 ? "no terminal" : "no");
  int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
  fprintf(out, "controlling terminal %s\n", tty < 0 ? strerror(errno) : "yes");
  struct termios modes;
  for (int fd = 0; fd < 3; fd++)
    if (tcgetattr(fd, &modes) == 0)
      fprintf(out, "terminal %d %x %x %x %x\n", fd, modes.c_iflag, modes.c_oflag, modes.c_cflag, modes.c_lflag);
  if (tty >= 0) close(tty);
}

int main(int count, char **args) {
  if (count < 2) return 2;
  int file = open(args[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file < 0) return 3;
  int high = fcntl(file, F_DUPFD_CLOEXEC, 900);
  close(file);
  out = fdopen(high, "w");
  if (!out) return 4;

  for (int i = 0; i < count; i++)
    if (i != 1) bytes("argument", args[i]);
  for (char **one = environ; *one; one++) bytes("variable", *one);
  status();
  copy("/proc/self/limits");
  copy("/proc/self/personality");
  copy("/proc/self/oom_score_adj");
  copy("/proc/self/timerslack_ns");
  copy("/proc/self/coredump_filter");
  copy("/proc/self/cgroup");
  copy("/proc/self/setgroups");
  copy("/proc/self/autogroup");
  descriptors(high);
  dispositions();
  relations();

  char where[4096];
  bytes("directory", getcwd(where, sizeof where) ? where : strerror(errno));
  mode_t mask = umask(0);
  fprintf(out, "umask %o\n", mask);
  fprintf(out, "ids %d %d %d %d\n", getuid(), geteuid(), getgid(), getegid());
  errno = 0;
  fprintf(out, "nice %d\n", getpriority(PRIO_PROCESS, 0));
  fprintf(out, "io priority %ld\n", syscall(SYS_ioprio_get, 1, 0));
  struct sched_param priority = {0};
  sched_getparam(0, &priority);
  fprintf(out, "scheduler %d %d\n", sched_getscheduler(0), priority.sched_priority);
  int death = 0, reaper = 0;
  prctl(PR_GET_PDEATHSIG, &death);
  prctl(PR_GET_CHILD_SUBREAPER, &reaper);
  fprintf(out, "death signal %d, reaper %d, dumpable %d, keeps capabilities %d, secure bits %d\n", death, reaper,
          prctl(PR_GET_DUMPABLE), prctl(PR_GET_KEEPCAPS), prctl(PR_GET_SECUREBITS));
  return fclose(out) ? 5 : 0;
}
