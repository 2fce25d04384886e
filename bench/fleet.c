/* Plays many processes of Node.js that run xprofiler: fleet COUNT REPLY. Each is a process of its
 * own (clients check who is at the other end) which serves its socket where clients look for it,
 * and answers `metrics` with the reply recorded in the file REPLY, whose numbers go on: counters
 * grow, gauges waver, zeros stay. Prints "ready"; ends, and removes the sockets, when its input
 * ends. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT_MAX   2000
#define CLIENTS_MAX 8

static const char INFO[] =
    "{\"pid\":%d,\"ppid\":1,\"uid\":0,\"title\":\"node\",\"script\":\"/srv/shop/server.js\","
    "\"node_version\":\"v20.20.2\",\"v8_version\":\"11.3\",\"log_dir\":\"/tmp\","
    "\"version\":\"4.0.0\",\"protocol\":1,\"cwd\":\"/srv/shop\",\"exec_path\":\"/usr/bin/node\","
    "\"argv\":\"node server.js\",\"uptime\":100}";

/* ---- the reply: texts with numbers between them ---- */

struct number {
  size_t text_end; /* the text before it ends here in the recorded reply */
  size_t next;     /* where the text behind it begins */
  double value;
  int decimals;
  bool is_counter;
};

struct reply {
  char *text;
  size_t size, begin; /* begin: of the result, behind "result": */
  struct number *numbers;
  size_t count;
};

static bool counts(const char *text, size_t end) {
  static const char *const WORDS[] = {"total", "cpu_", "faults", "switches", "turns", "wait_ms"};
  char key[64] = "";
  size_t begin = end - 2; /* before `":` */
  while (begin > 0 && text[begin - 1] != '"')
    begin--;
  snprintf(key, sizeof key, "%.*s", (int)(end - 2 - begin), text + begin);
  if (strstr(key, "percent") || strstr(key, "cpu_now") || strstr(key, "limit"))
    return false;
  for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
    if (strstr(key, WORDS[i]))
      return true;
  return false;
}

static bool is_fixed(const char *text, size_t end) {
  static const char *const KEYS[] = {"\"thread_id\":", "\"tid\":", "limit\":", "version\":"};
  for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++) {
    size_t size = strlen(KEYS[i]);
    if (end >= size && memcmp(text + end - size, KEYS[i], size) == 0)
      return true;
  }
  return false;
}

static void read_reply(struct reply *reply, const char *path) {
  FILE *file = fopen(path, "r");
  reply->text = calloc(1, 1 << 20);
  reply->numbers = calloc(20000, sizeof *reply->numbers);
  if (!file || !reply->text || !reply->numbers)
    exit(1);
  reply->size = fread(reply->text, 1, (1 << 20) - 1, file);
  fclose(file);
  reply->size = strcspn(reply->text, "\n");
  char *result = strstr(reply->text, "\"result\":");
  if (!result)
    exit(1);
  reply->begin = (size_t)(result - reply->text) + strlen("\"result\":");
  for (size_t at = reply->begin; at < reply->size; at++) {
    char *end;
    if (reply->text[at - 1] != ':' || reply->text[at] < '1' || reply->text[at] > '9')
      if (reply->text[at - 1] != ':' || strncmp(reply->text + at, "0.", 2) != 0)
        continue;
    if (is_fixed(reply->text, at))
      continue;
    struct number *number = &reply->numbers[reply->count++];
    number->text_end = at;
    number->is_counter = counts(reply->text, at);
    number->value = strtod(reply->text + at, &end);
    number->next = (size_t)(end - reply->text);
    const char *point = memchr(reply->text + at, '.', number->next - at);
    number->decimals = point ? (int)(end - point) - 1 : 0;
    at = number->next;
  }
}

static double go_on(struct number *number) {
  double chance = (double)rand() / RAND_MAX;
  if (number->is_counter)
    return number->value += chance * 40;
  return number->value * (0.97 + 0.06 * chance);
}

static size_t write_reply(struct reply *reply, char *out, const char *id) {
  char *at = out + sprintf(out, "{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":", id);
  size_t from = reply->begin;
  for (size_t i = 0; i < reply->count; i++) {
    struct number *number = &reply->numbers[i];
    memcpy(at, reply->text + from, number->text_end - from);
    at += number->text_end - from;
    at += sprintf(at, "%.*f", number->decimals, go_on(number));
    from = number->next;
  }
  memcpy(at, reply->text + from, reply->size - from);
  at += reply->size - from;
  *at++ = '\n';
  return (size_t)(at - out);
}

/* ---- one process ---- */

static void socket_path(char *out, size_t size, pid_t pid) {
  snprintf(out, size, "/tmp/xprofiler-%u/%d.sock", (unsigned)geteuid(), (int)pid);
}

static int listen_at_our_place(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  char dir[64];
  snprintf(dir, sizeof dir, "/tmp/xprofiler-%u", (unsigned)geteuid());
  mkdir(dir, 0700);
  socket_path(address.sun_path, sizeof address.sun_path, getpid());
  unlink(address.sun_path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 8) != 0)
    exit(1);
  return fd;
}

/* False when the client has gone. Requests come one at a time and are short. */
static bool answer(int client, struct reply *reply, char *out, size_t room) {
  char line[4096], id[24] = "null";
  ssize_t got = read(client, line, sizeof line - 1);
  if (got <= 0)
    return false;
  line[got] = '\0';
  const char *at = strstr(line, "\"id\":");
  if (at)
    snprintf(id, sizeof id, "%.*s", (int)strspn(at + 5, "0123456789"), at + 5);
  size_t size;
  if (strstr(line, "process_info")) {
    size = (size_t)snprintf(out, room, "{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":", id);
    size += (size_t)snprintf(out + size, room - size, INFO, (int)getpid());
    size += (size_t)snprintf(out + size, room - size, "}\n");
  } else {
    size = write_reply(reply, out, id);
  }
  for (size_t sent = 0; sent < size;) {
    ssize_t now = send(client, out + sent, size - sent, MSG_NOSIGNAL);
    if (now <= 0)
      return false;
    sent += (size_t)now;
  }
  return true;
}

static void serve(struct reply *reply, int ready) {
  struct pollfd fds[1 + CLIENTS_MAX] = {{.fd = listen_at_our_place(), .events = POLLIN}};
  size_t room = 2 * reply->size + 65536;
  char *out = malloc(room);
  nfds_t count = 1;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  srand((unsigned)getpid());
  close(ready); /* all have: the parent sees the end of the pipe */
  while (out && poll(fds, count, -1) > 0) {
    if (fds[0].revents && count <= CLIENTS_MAX) {
      fds[count].fd = accept(fds[0].fd, NULL, NULL);
      fds[count].events = POLLIN;
      fds[count].revents = 0;
      if (fds[count].fd >= 0)
        count++;
    }
    for (nfds_t i = 1; i < count; i++)
      if (fds[i].revents && !answer(fds[i].fd, reply, out, room)) {
        close(fds[i].fd);
        fds[i] = fds[--count];
      }
  }
  _exit(1);
}

int main(int argc, char **argv) {
  static pid_t pids[COUNT_MAX];
  struct reply reply = {0};
  int ready[2];
  char byte;
  int count = argc == 3 ? atoi(argv[1]) : 0;
  if (count < 1 || count > COUNT_MAX || pipe(ready) != 0) {
    fprintf(stderr, "usage: fleet COUNT REPLY\n");
    return 2;
  }
  read_reply(&reply, argv[2]);
  for (int i = 0; i < count; i++) {
    pids[i] = fork();
    if (pids[i] == 0) {
      close(ready[0]);
      serve(&reply, ready[1]);
    }
  }
  close(ready[1]);
  while (read(ready[0], &byte, 1) > 0)
    ;
  puts("ready");
  fflush(stdout);
  while (read(STDIN_FILENO, &byte, 1) > 0)
    ;
  for (int i = 0; i < count; i++) {
    char path[108];
    if (pids[i] <= 0)
      continue;
    kill(pids[i], SIGKILL);
    waitpid(pids[i], NULL, 0);
    socket_path(path, sizeof path, pids[i]);
    unlink(path);
  }
  return 0;
}
