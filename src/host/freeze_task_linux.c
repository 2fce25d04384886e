#include "host/freeze_task_linux.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

struct entry64 {
  uint64_t inode;
  int64_t offset;
  uint16_t length;
  uint8_t type;
  char name[];
};

int xpf_freeze_tasks_open(void) {
  int fd = open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  return fd < 0 ? -errno : fd;
}

/* "123" -> 123; 0 for anything else. */
static pid_t parse_tid(const char *text) {
  int64_t value = 0;
  for (; *text; text++) {
    if (*text < '0' || *text > '9' || value > INT32_MAX / 10)
      return 0;
    value = value * 10 + (*text - '0');
  }
  return (pid_t)value;
}

int xpf_freeze_tasks_list(int tasks_fd, pid_t *out, uint32_t max) {
  _Alignas(struct entry64) char buffer[4096];
  uint32_t count = 0;
  if (lseek(tasks_fd, 0, SEEK_SET) < 0)
    return -errno;
  for (;;) {
    long got = syscall(SYS_getdents64, tasks_fd, buffer, sizeof buffer);
    if (got < 0)
      return -errno;
    if (got == 0)
      return (int)count;
    for (long at = 0; at < got;) {
      const struct entry64 *entry = (const struct entry64 *)(buffer + at);
      pid_t tid = parse_tid(entry->name);
      if (tid > 0) {
        if (count < max)
          out[count] = tid;
        count++;
      }
      at += entry->length;
    }
  }
}

ssize_t xpf_freeze_read_file(int dir_fd, const char *path, char *text, size_t size) {
  size_t used = 0;
  int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return -errno;
  while (used + 1 < size) {
    ssize_t got = read(fd, text + used, size - 1 - used);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0 && used == 0) {
      int error = -errno;
      close(fd);
      return error;
    }
    if (got <= 0)
      break;
    used += (size_t)got;
  }
  close(fd);
  text[used] = '\0';
  return (ssize_t)used;
}

/* "TID/leaf" without stdio. */
static void make_path(char out[48], pid_t tid, const char *leaf) {
  char digits[12];
  int count = 0;
  for (uint32_t rest = (uint32_t)tid; rest || !count; rest /= 10)
    digits[count++] = (char)('0' + rest % 10);
  while (count)
    *out++ = digits[--count];
  *out++ = '/';
  strcpy(out, leaf);
}

/* The text after "\nkey" or NULL. */
static const char *find_field(const char *text, const char *key) {
  size_t length = strlen(key);
  for (const char *line = text; line; line = strchr(line, '\n')) {
    line += *line == '\n';
    if (strncmp(line, key, length) == 0) {
      for (line += length; *line == ' ' || *line == '\t'; line++)
        ;
      return line;
    }
  }
  return NULL;
}

static uint64_t parse_hex(const char **text) {
  uint64_t value = 0;
  const char *p = *text;
  if (p[0] == '0' && p[1] == 'x')
    p += 2;
  for (;; p++) {
    int digit = *p >= '0' && *p <= '9' ? *p - '0' : *p >= 'a' && *p <= 'f' ? *p - 'a' + 10 : -1;
    if (digit < 0)
      break;
    value = value << 4 | (uint64_t)digit;
  }
  *text = p;
  return value;
}

static uint64_t mask_field(const char *text, const char *key) {
  const char *at = find_field(text, key);
  return at ? parse_hex(&at) : 0;
}

int xpf_freeze_task_read(int tasks_fd, pid_t tid, struct xpf_freeze_task *out) {
  char path[48], text[4096];
  memset(out, 0, sizeof *out);
  out->state = '?';
  make_path(path, tid, "status");
  ssize_t length = xpf_freeze_read_file(tasks_fd, path, text, sizeof text);
  if (length < 0)
    return (int)length;
  const char *name = find_field(text, "Name:"), *state = find_field(text, "State:");
  for (size_t i = 0; name && i + 1 < sizeof out->name && name[i] && name[i] != '\n'; i++)
    out->name[i] = name[i];
  if (state && *state)
    out->state = *state;
  out->blocked_signals = mask_field(text, "SigBlk:");
  out->pending_signals = mask_field(text, "SigPnd:") | mask_field(text, "ShdPnd:");
  return out->state == 'X' || out->state == 'Z' ? -ESRCH : 0;
}

/* "nr 0xarg … 0xsp 0xpc", "-1 0xsp 0xpc" (blocked outside a system call) or "running". */
static void parse_syscall(const char *text, struct xpf_freeze_place *out) {
  uint64_t fields[8] = {0};
  int count = 0;
  bool negative = *text == '-';
  if (!negative && (*text < '0' || *text > '9'))
    return;
  int64_t number = 0;
  for (text += negative; *text >= '0' && *text <= '9'; text++)
    number = number * 10 + (*text - '0');
  while (*text == ' ' && count < 8) {
    text++;
    fields[count++] = parse_hex(&text);
  }
  if (count < 2)
    return;
  out->syscall = negative ? -1 : number;
  out->sp = fields[count - 2];
  out->pc = fields[count - 1];
}

void xpf_freeze_task_place(int tasks_fd, pid_t tid, struct xpf_freeze_place *out) {
  char path[48], text[256];
  memset(out, 0, sizeof *out);
  out->syscall = -1;
  make_path(path, tid, "syscall");
  if (xpf_freeze_read_file(tasks_fd, path, text, sizeof text) > 0)
    parse_syscall(text, out);
  make_path(path, tid, "wchan");
  if (xpf_freeze_read_file(tasks_fd, path, text, sizeof out->wait_channel) > 0 &&
      strcmp(text, "0") != 0)
    strcpy(out->wait_channel, text);
}
