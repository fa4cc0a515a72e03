/* The load: a bounded number of short lives, made flat out or paced.
 *
 *   load exits   COUNT PARENTS [STATUS [PER_SECOND]]          vfork and _exit(STATUS)
 *   load execs   COUNT PARENTS [STATUS [PER_SECOND [EVERY]]]  vfork and exec of this program with "unique-N" as its only argument;
 *                                                             with EVERY only those whose N it divides end with STATUS
 *   load places  COUNT PARENTS DIR PLACES STAY_US             commands that stay for so long, in the directory DIR/(N mod PLACES); the
 *                                                             program of each is DIR/(N / PLACES mod PLACES)/program
 *   load threads COUNT PARENTS                                thread create and join
 *   load held    COUNT                                        processes that wait until a byte or the end of our input, then exit 0
 *
 * Tells "parents PID...", and "pid PID unique-N" of each command, as lines when all is done; held tells "held PID..." when all are there.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 2000000, MOST_PARENTS = 16 };

static const char *self;
static const char *folder = ".", *stay = "0";
static int status, every = 1, places = 1;
static long per_second;
static pid_t *pids; /* of the commands, by number, shared with the parents that start them */

static void *nothing(void *unused) { return unused; }

static void pace(struct timespec *next) {
  if (per_second == 0) return;
  next->tv_nsec += 1000000000L / per_second;
  for (; next->tv_nsec >= 1000000000L; next->tv_nsec -= 1000000000L) next->tv_sec++;
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, next, NULL);
}

static pid_t start_nothing(void) {
  pid_t pid = vfork();
  if (pid == 0) _exit(status);
  return pid;
}

static pid_t start_command(int number) {
  char argument[32], code[16];
  snprintf(argument, sizeof argument, "unique-%d", number);
  snprintf(code, sizeof code, "STATUS=%d", number % every == 0 ? status : 0);
  char *args[] = {(char *)self, argument, NULL}, *environment[] = {code, NULL};
  pid_t pid = vfork();
  if (pid == 0) {
    execve(self, args, environment);
    _exit(99);
  }
  return pid;
}

/* Its own directory after a vfork is the child's alone: only memory is shared. */
static pid_t start_in_place(int number) {
  char argument[32], directory[4096], program[4096], life[32];
  snprintf(argument, sizeof argument, "unique-%d", number);
  snprintf(directory, sizeof directory, "%s/%d", folder, number % places);
  snprintf(program, sizeof program, "%s/%d/program", folder, number / places % places);
  snprintf(life, sizeof life, "STAY_US=%s", stay);
  char *args[] = {(char *)self, argument, NULL}, *environment[] = {life, NULL};
  pid_t pid = vfork();
  if (pid == 0) {
    if (chdir(directory) == 0) execve(program, args, environment);
    _exit(99);
  }
  return pid;
}

static int be_a_command(void) {
  int stays = getenv("STAY_US") ? atoi(getenv("STAY_US")) : 0;
  if (stays > 0) usleep((useconds_t)stays);
  return getenv("STATUS") ? atoi(getenv("STATUS")) : 0;
}

enum mode { EXITS, EXECS, PLACES, THREADS };
static const char *const modes[] = {"exits", "execs", "places", "threads"};

static int parent(enum mode mode, int first, int last) {
  struct timespec next;
  clock_gettime(CLOCK_MONOTONIC, &next);
  for (int i = first; i < last; i++) {
    pace(&next);
    if (mode == THREADS) {
      pthread_t thread;
      if (pthread_create(&thread, NULL, nothing, NULL) != 0) return 1;
      pthread_join(thread, NULL);
      continue;
    }
    pid_t pid = mode == EXECS ? start_command(i) : mode == PLACES ? start_in_place(i) : start_nothing();
    if (pid < 0 || waitpid(pid, NULL, 0) != pid) return 1;
    pids[i] = pid;
  }
  return 0;
}

static pid_t start_waiter(int input) {
  char *args[] = {(char *)self, "wait", NULL};
  pid_t pid = vfork();
  if (pid == 0) {
    dup2(input, 0);
    execv(self, args);
    _exit(99);
  }
  return pid;
}

static int held(int count) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return 1;
  printf("held");
  for (int i = 0; i < count; i++) {
    pid_t pid = start_waiter(ends[0]);
    if (pid < 0) return 1;
    printf(" %d", pid);
  }
  printf("\n");
  fflush(stdout);
  close(ends[0]);
  getchar();
  close(ends[1]);
  while (wait(NULL) > 0);
  return 0;
}

static enum mode mode_of(const char *name) {
  enum mode mode = EXITS;
  while (mode < THREADS && strcmp(modes[mode], name) != 0) mode++;
  return mode;
}

int main(int argc, char **argv) {
  if (argc == 2 && !strcmp(argv[1], "wait")) return read(0, (char[1]){0}, 1) < 0;
  if (argc == 2) return be_a_command();
  if (argc < 3) return 98;
  int count = atoi(argv[2]), parents = argc > 3 ? atoi(argv[3]) : 1, failed = 0;
  if (count < 1 || count > MOST || parents < 1 || parents > MOST_PARENTS) return 98;
  self = argv[0];
  if (!strcmp(argv[1], "held")) return held(count);
  enum mode mode = mode_of(argv[1]);
  if (mode == PLACES) {
    if (argc < 7) return 98;
    folder = argv[4], places = atoi(argv[5]), stay = argv[6];
  } else {
    status = argc > 4 ? atoi(argv[4]) : 0;
    per_second = argc > 5 ? (atol(argv[5]) + parents - 1) / parents : 0;
    every = argc > 6 ? atoi(argv[6]) : 1;
  }
  if (places < 1 || every < 1) return 98;
  pids = mmap(NULL, (size_t)count * sizeof *pids, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (pids == MAP_FAILED) return 1;
  char line[16 * MOST_PARENTS + 16] = "parents";
  for (int i = 0; i < parents; i++) {
    int first = (int)((long)count * i / parents), last = (int)((long)count * (i + 1) / parents);
    pid_t pid = fork();
    if (pid == 0) _exit(parent(mode, first, last));
    if (pid < 0) return 1;
    snprintf(line + strlen(line), 16, " %d", pid);
  }
  for (int i = 0, how; i < parents; i++)
    if (wait(&how) < 0 || how != 0) failed = 1;
  puts(line);
  if (mode == EXECS || mode == PLACES)
    for (int i = 0; i < count; i++) printf("pid %d unique-%d\n", pids[i], i);
  return failed;
}
