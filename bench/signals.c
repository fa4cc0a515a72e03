/* Signals as fast as they come, in the way the first argument says, as many as the second: prints the nanoseconds that each took. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void heard(int unused) { (void)unused; }

static long long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

/* What a Go program does to preempt its own threads. */
static void urgent(void) { syscall(SYS_tgkill, getpid(), getpid(), SIGURG); }

/* A child that ends tells its parent so. */
static void child(void) {
  pid_t pid = vfork();
  if (pid == 0) _exit(0);
  waitpid(pid, NULL, 0);
}

static void victim(void) {
  pid_t pid = fork();
  if (pid == 0)
    for (;;) pause();
  kill(pid, SIGKILL);
  waitpid(pid, NULL, 0);
}

int main(int count, char **arguments) {
  if (count < 3) return 2;
  void (*once)(void) = !strcmp(arguments[1], "urg") ? urgent : !strcmp(arguments[1], "chld") ? child : victim;
  int times = atoi(arguments[2]);
  signal(SIGURG, heard);
  signal(SIGCHLD, heard);
  long long begin = now();
  for (int i = 0; i < times; i++) once();
  printf("%lld\n", (now() - begin) / times);
  return 0;
}
