/* Starts a command and takes times and output from outside of it, on the kernel's monotonic clock.
 *
 *   stopwatch exit CMD...            µs from before its start to its end
 *   stopwatch cpu CMD...             µs of CPU that it and what it waited for used, in all their threads
 *   stopwatch first CMD...           µs from before its start to the first byte of its output; it then gets SIGTERM
 *   stopwatch joined N CMD...        µs from before its start until N of its sockets hear process events; it then gets SIGTERM
 *   stopwatch lines CMD...           µs from "mono_ns" of each line of its output to its arrival here: {"lines","p50_us","p99_us"} at SIGTERM
 *   stopwatch stall MS FILE CMD...   reads its first output, tells "ready", reads nothing for so long, then copies all to FILE
 *
 * SIGTERM is passed on to the command, whose output is read to its end. lines and stall tell "pid PID" first.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { BUCKETS = 1000000 };

static pid_t child;
static uint32_t micros[BUCKETS];
static uint64_t lines;

static void pass_on(int signal) { kill(child, signal); }

static uint64_t now(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return (uint64_t)at.tv_sec * 1000000000u + (uint64_t)at.tv_nsec;
}

static int begin(char **command, int wants_output) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) exit(1);
  child = vfork();
  if (child == 0) {
    if (wants_output) dup2(ends[1], 1);
    execvp(command[0], command);
    _exit(99);
  }
  close(ends[1]);
  sigaction(SIGTERM, &(struct sigaction){.sa_handler = pass_on, .sa_flags = SA_RESTART}, NULL);
  return ends[0];
}

static int finish(void) {
  int status;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/* Whether a descriptor of the child is the socket of this inode. */
static int is_childs(unsigned long inode) {
  char folder[32], wanted[48];
  snprintf(folder, sizeof folder, "/proc/%d/fd", child);
  snprintf(wanted, sizeof wanted, "socket:[%lu]", inode);
  DIR *descriptors = opendir(folder);
  int found = 0;
  for (struct dirent *one; descriptors && !found && (one = readdir(descriptors));) {
    char target[64];
    ssize_t length = readlinkat(dirfd(descriptors), one->d_name, target, sizeof target - 1);
    target[length < 0 ? 0 : length] = 0;
    found = !strcmp(target, wanted);
  }
  if (descriptors) closedir(descriptors);
  return found;
}

/* The child's sockets that hear process events: rows of /proc/net/netlink with protocol 11 (the connector) and group 1. */
static int subscriptions(void) {
  char row[256];
  int found = 0;
  FILE *rows = fopen("/proc/net/netlink", "re");
  while (rows && fgets(row, sizeof row, rows)) {
    int protocol;
    unsigned groups;
    unsigned long inode;
    if (sscanf(row, "%*s %d %*u %x %*s %*s %*s %*s %*s %lu", &protocol, &groups, &inode) == 3 && protocol == 11 &&
        groups == 1)
      found += is_childs(inode);
  }
  if (rows) fclose(rows);
  return found;
}

static int percentile(double share) {
  uint64_t seen = 0;
  for (int i = 0; i < BUCKETS; i++)
    if ((seen += micros[i]) >= share * (double)lines) return i;
  return BUCKETS;
}

static int time_lines(int fd) {
  static char text[1 << 18];
  size_t kept = 0;
  for (ssize_t got; (got = read(fd, text + kept, sizeof text - kept - 1)) > 0;) {
    uint64_t at = now();
    char *line = text, *end;
    text[kept + (size_t)got] = 0;
    for (; (end = strchr(line, '\n')); line = end + 1) {
      *end = 0;
      char *stamp = strstr(line, "\"mono_ns\":\"");
      if (!stamp || strstr(line, "\"event\":\"start\"") || strstr(line, "\"event\":\"end\"")) continue;
      uint64_t late = (at - strtoull(stamp + 11, NULL, 10)) / 1000;
      micros[late < BUCKETS ? late : BUCKETS - 1]++;
      lines++;
    }
    kept = strlen(line);
    memmove(text, line, kept);
  }
  int failed = finish();
  printf("{\"lines\":%llu,\"p50_us\":%d,\"p99_us\":%d}\n", (unsigned long long)lines, percentile(0.5), percentile(0.99));
  return failed;
}

static int stall(int fd, int milliseconds, const char *path) {
  static char text[1 << 16];
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  ssize_t got = read(fd, text, sizeof text);
  if (got <= 0 || write(file, text, (size_t)got) != got) return 1;
  puts("ready");
  fflush(stdout);
  nanosleep(&(struct timespec){.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000L}, NULL);
  while ((got = read(fd, text, sizeof text)) > 0)
    if (write(file, text, (size_t)got) != got) return 1;
  return finish();
}

static long long micros_of(struct timeval time) { return time.tv_sec * 1000000LL + time.tv_usec; }

static long long used(void) {
  struct rusage usage;
  getrusage(RUSAGE_CHILDREN, &usage);
  return micros_of(usage.ru_utime) + micros_of(usage.ru_stime);
}

int main(int argc, char **argv) {
  if (argc < 3) return 98;
  const char *mode = argv[1];
  int is_stall = !strcmp(mode, "stall"), is_joined = !strcmp(mode, "joined"), is_cpu = !strcmp(mode, "cpu");
  if (argc < (is_stall ? 5 : is_joined ? 4 : 3)) return 98;
  uint64_t before = now();
  int fd = begin(argv + (is_stall ? 4 : is_joined ? 3 : 2), strcmp(mode, "exit") && !is_joined && !is_cpu);
  if (is_joined) {
    while (subscriptions() < atoi(argv[2]))
      if (usleep(100), waitpid(child, NULL, WNOHANG) != 0) return 1;
    printf("%llu\n", (unsigned long long)(now() - before) / 1000);
    kill(child, SIGTERM);
    finish();
    return 0;
  }
  if (!strcmp(mode, "exit")) {
    int failed = finish();
    printf("%llu\n", (unsigned long long)(now() - before) / 1000);
    return failed;
  }
  if (is_cpu) {
    int failed = finish();
    printf("%lld\n", used());
    return failed;
  }
  if (!strcmp(mode, "first")) {
    char byte;
    if (read(fd, &byte, 1) != 1) return 1;
    printf("%llu\n", (unsigned long long)(now() - before) / 1000);
    kill(child, SIGTERM);
    while (read(fd, (char[4096]){0}, 4096) > 0);
    finish();
    return 0;
  }
  printf("pid %d\n", child);
  fflush(stdout);
  return is_stall ? stall(fd, atoi(argv[2]), argv[3]) : time_lines(fd);
}
