/*
 * Many processes with short lives of random length and every kind of end, for others to wait for.
 *   targets N SEED MOST_MS   prints the N pids in one line, and "PID STATUS" (as waitpid gave it) when one was reaped;
 *                            some are reaped at once, some stay zombies for a while, the way of each follows from SEED
 *   targets reuse CODE NEXT  a child ends with CODE when a byte comes in, is reaped, and its pid is at once that of another child,
 *                            which ends with NEXT after 100 ms; prints the pid first and "done" at the end
 *   targets zombie CODE      a child that ended with CODE and is reaped when a byte comes in; prints its pid
 *   targets auto-reap CODE   a child that ends with CODE when a byte comes in, and whose parent ignores SIGCHLD; prints its pid
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/sched.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void sleep_us(long us) {
  struct timespec t = {us / 1000000, us % 1000000 * 1000};
  while (nanosleep(&t, &t) != 0 && errno == EINTR);
}

struct life {
  long us;
  int code;
};

static void *end_process(void *pointer) {
  struct life *life = pointer;
  sleep_us(life->us);
  _exit(life->code);
}
static void *end_thread(void *pointer) {
  struct life *life = pointer;
  sleep_us(life->us);
  syscall(SYS_exit, life->code);
  return NULL;
}
static void *become_another(void *pointer) {
  struct life *life = pointer;
  char seconds[32], script[64];
  snprintf(seconds, sizeof seconds, "%ld.%06ld", life->us / 1000000, life->us % 1000000);
  snprintf(script, sizeof script, "sleep %s; exit %d", seconds, life->code);
  execl("/bin/sh", "sh", "-c", script, NULL);
  abort();
}
static void *stay(void *unused) {
  for (;;) pause();
  return unused;
}

/* One life: how it ends is the way, when and with what the rest. */
static void live(int way, struct life life) {
  pthread_t thread;
  if (way == 0) { /* the main thread ends first, and another one ends the process */
    pthread_create(&thread, NULL, end_process, &life);
    syscall(SYS_exit, 0);
  } else if (way == 1) { /* the main thread ends first, with another status, and the last one just ends */
    pthread_create(&thread, NULL, end_thread, &life);
    syscall(SYS_exit, 99);
  } else if (way == 2) { /* a thread executes another program */
    pthread_create(&thread, NULL, become_another, &life);
    stay(NULL);
  } else if (way == 3) { /* a thread ends the process */
    pthread_create(&thread, NULL, end_process, &life);
    stay(NULL);
  } else if (way == 4) { /* killed with threads */
    for (int i = 0; i < 3; i++) pthread_create(&thread, NULL, stay, NULL);
    sleep_us(life.us);
    kill(getpid(), SIGKILL);
    stay(NULL);
  }
  sleep_us(life.us);
  if (way == 5) raise(SIGTERM);
  _exit(life.code);
}

static long now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int many(int count, unsigned seed, int most_ms) {
  struct { pid_t pid; int keeps_ms; long ended; } *child = calloc(count, sizeof *child);
  for (int i = 0; i < count; i++) {
    struct life life = {rand_r(&seed) % (most_ms * 1000), rand_r(&seed) % 120};
    int way = rand_r(&seed) % 12;
    child[i].keeps_ms = rand_r(&seed) % 3 == 0 ? rand_r(&seed) % 400 : 0;
    child[i].pid = fork();
    if (child[i].pid == 0) live(way, life);
    if (child[i].pid < 0) return 99;
    printf("%d ", child[i].pid);
  }
  printf("\n"), fflush(stdout);
  for (int left = count; left > 0; usleep(200)) {
    for (int i = 0; i < count; i++) {
      if (child[i].pid == 0) continue;
      siginfo_t info = {0};
      if (child[i].ended == 0) {
        if (waitid(P_PID, child[i].pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) continue;
        child[i].ended = now_ms();
      }
      if (now_ms() - child[i].ended < child[i].keeps_ms) continue;
      int status;
      if (waitpid(child[i].pid, &status, 0) != child[i].pid) return 99;
      printf("%d %d\n", child[i].pid, status);
      child[i].pid = 0, left--;
    }
  }
  return 0;
}

static pid_t child_with_pid(pid_t pid) {
  struct clone_args args = {.exit_signal = SIGCHLD, .set_tid = (uintptr_t)&pid, .set_tid_size = pid != 0};
  if (pid == 0) args.set_tid = 0;
  return (pid_t)syscall(SYS_clone3, &args, sizeof args);
}

static void wait_for_byte(void) {
  char byte;
  if (read(STDIN_FILENO, &byte, 1) != 1) _exit(97);
}

static int reuse(int code, int next) {
  pid_t pid = fork();
  if (pid == 0) wait_for_byte(), _exit(code);
  printf("%d\n", pid), fflush(stdout);
  if (waitpid(pid, NULL, 0) != pid) return 99;
  pid_t again;
  while ((again = child_with_pid(pid)) < 0 && errno == EEXIST);
  if (again == 0) sleep_us(100000), _exit(next);
  if (again != pid || waitpid(pid, NULL, 0) != pid) return 99;
  printf("done\n");
  return 0;
}

static int zombie(int code) {
  pid_t pid = fork();
  if (pid == 0) _exit(code);
  siginfo_t info;
  if (waitid(P_PID, pid, &info, WEXITED | WNOWAIT) != 0) return 99;
  printf("%d\n", pid), fflush(stdout);
  wait_for_byte();
  return waitpid(pid, NULL, 0) == pid ? 0 : 99;
}

static int auto_reap(int code) {
  signal(SIGCHLD, SIG_IGN);
  pid_t pid = fork();
  if (pid == 0) wait_for_byte(), _exit(code);
  printf("%d\n", pid), fflush(stdout);
  while (wait(NULL) >= 0 || errno == EINTR);
  return 0;
}

int main(int argc, char **argv) {
  if (argc == 4 && !strcmp(argv[1], "reuse")) return reuse(atoi(argv[2]), atoi(argv[3]));
  if (argc == 3 && !strcmp(argv[1], "zombie")) return zombie(atoi(argv[2]));
  if (argc == 3 && !strcmp(argv[1], "auto-reap")) return auto_reap(atoi(argv[2]));
  return argc == 4 ? many(atoi(argv[1]), atoi(argv[2]), atoi(argv[3])) : 98;
}
