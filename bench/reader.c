/* The least that a listener can do: subscribe to the proc connector, read, count. What a program in C pays before it formats anything.
 *
 *   reader wake MASK [lines]    woken for each event: epoll, then recvmmsg until nothing is queued
 *   reader sleep MASK [lines]   the same, then 5 ms of sleep before the next look
 *   reader window MS MASK       woken by the first event alone; from then on a look every MS milliseconds, until one finds nothing
 *
 * MASK is of event bits, as `struct proc_input` takes it. With `lines` it writes {"mono_ns":"N"} for each event, one write for each
 * look. On SIGTERM it tells {"events","drops","p50_us","p99_us","of":{PID:EVENTS}}: latency is from the kernel's stamp to the return
 * of recvmmsg, and `of` counts by the process that made the event: the parent of a process (of its
 * programs too, where its birth was heard), the process of a thread.
 */
#define _GNU_SOURCE
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { VECTOR = 512, PID_LIMIT = 4194304, BUCKETS = 100000, LINE = 40 };

static char data[VECTOR][128];
static struct mmsghdr messages[VECTOR];
static struct iovec vectors[VECTOR];
static uint32_t made_by[PID_LIMIT], parent_of[PID_LIMIT], micros[BUCKETS];
static uint64_t events;
static volatile sig_atomic_t ended;
static int lines;

static void end(int unused) { (void)unused, ended = 1; }

static void control(int fd, uint32_t op, uint32_t mask) {
  struct {
    struct nlmsghdr header;
    struct cn_msg message;
    uint32_t op, mask;
  } __attribute__((packed)) request = {.op = op, .mask = mask};
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = NLMSG_DONE;
  request.message.id = (struct cb_id){CN_IDX_PROC, CN_VAL_PROC};
  request.message.len = 8;
  if (send(fd, &request, sizeof request, 0) < 0) perror("send"), exit(1);
}

static uint64_t now(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return (uint64_t)at.tv_sec * 1000000000u + (uint64_t)at.tv_nsec;
}

static uint32_t word(const char *bytes, int at) {
  uint32_t value;
  memcpy(&value, bytes + at, sizeof value);
  return value;
}

static void take(const char *bytes, uint64_t at, char **text) {
  uint32_t what = word(bytes, 36);
  if (what == 0) return;
  uint64_t stamp;
  memcpy(&stamp, bytes + 44, sizeof stamp);
  uint64_t late = (at - stamp) / 1000;
  micros[late < BUCKETS ? late : BUCKETS - 1]++;
  events++;
  /* The parent is kept from the birth where that is heard: a process that was reaped at once has none in the event of its end. */
  if (what == 0x1) {
    uint32_t tid = word(bytes, 60), pid = word(bytes, 64) % PID_LIMIT;
    if (tid == pid) parent_of[pid] = word(bytes, 56) % PID_LIMIT;
    made_by[tid == pid ? parent_of[pid] : pid]++;
  } else if (what == 0x2) {
    made_by[parent_of[word(bytes, 56) % PID_LIMIT]]++;
  } else if (what == 0x80000000) {
    uint32_t tid = word(bytes, 52), pid = word(bytes, 56) % PID_LIMIT;
    uint32_t parent = parent_of[pid] ? parent_of[pid] : word(bytes, 72) % PID_LIMIT;
    made_by[tid == pid ? parent : pid]++;
  }
  if (lines) *text += sprintf(*text, "{\"mono_ns\":\"%llu\"}\n", (unsigned long long)stamp);
}

/* How many there were. */
static int drain(int fd) {
  static char text[VECTOR * LINE];
  int found = 0;
  for (int count = VECTOR; count == VECTOR;) {
    count = recvmmsg(fd, messages, VECTOR, MSG_DONTWAIT, NULL);
    uint64_t at = now();
    char *last = text;
    for (int i = 0; i < count; i++) take(data[i], at, &last);
    if (last > text && write(1, text, (size_t)(last - text)) < 0) ended = 1;
    if (count > 0) found += count;
  }
  return found;
}

static void nap(int milliseconds) {
  nanosleep(&(struct timespec){.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000L}, NULL);
}

static int percentile(double share) {
  uint64_t seen = 0;
  for (int i = 0; i < BUCKETS; i++)
    if ((seen += micros[i]) >= share * (double)events) return i;
  return BUCKETS;
}

int main(int argc, char **argv) {
  int has_window = argc > 3 && !strcmp(argv[1], "window"), one = 1, size = 64 << 20;
  if (argc < 3) return 98;
  int sleeps = !strcmp(argv[1], "sleep"), window = has_window ? atoi(argv[2]) : 0;
  const char *mask = argv[has_window ? 3 : 2];
  lines = !has_window && argc > 3;
  int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_CONNECTOR);
  struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = CN_IDX_PROC};
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
  setsockopt(fd, SOL_NETLINK, NETLINK_NO_ENOBUFS, &one, sizeof one);
  if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0) return perror("bind"), 1;
  for (int i = 0; i < VECTOR; i++) {
    vectors[i] = (struct iovec){data[i], sizeof data[i]};
    messages[i].msg_hdr = (struct msghdr){.msg_iov = &vectors[i], .msg_iovlen = 1};
  }
  sigaction(SIGTERM, &(struct sigaction){.sa_handler = end}, NULL);
  control(fd, PROC_CN_MCAST_LISTEN, (uint32_t)strtoul(mask, NULL, 0));
  int poll = epoll_create1(EPOLL_CLOEXEC);
  epoll_ctl(poll, EPOLL_CTL_ADD, fd, &(struct epoll_event){.events = EPOLLIN});
  while (!ended) {
    struct epoll_event event;
    if (epoll_wait(poll, &event, 1, -1) < 1) continue;
    if (has_window)
      do nap(window);
      while (drain(fd) > 0 && !ended);
    else drain(fd);
    if (sleeps) nap(5);
  }
  drain(fd);
  control(fd, PROC_CN_MCAST_IGNORE, 0);
  uint32_t info[9] = {0};
  socklen_t length = sizeof info;
  getsockopt(fd, SOL_SOCKET, 55 /* SO_MEMINFO */, info, &length);
  FILE *out = lines ? stderr : stdout;
  fprintf(out, "{\"events\":%llu,\"drops\":%u,\"p50_us\":%d,\"p99_us\":%d,\"of\":{", (unsigned long long)events, info[8],
          percentile(0.5), percentile(0.99));
  for (int pid = 0, many = 0; pid < PID_LIMIT; pid++)
    if (made_by[pid] > 0) fprintf(out, "%s\"%d\":%u", many++ ? "," : "", pid, made_by[pid]);
  fprintf(out, "}}\n");
  return 0;
}
