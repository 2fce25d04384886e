#include "process_list.h"
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "host/os.h"
#include "host/socket_dir.h"
#include "target/node_process.h"
#include "target.h"
#include "wire/client.h"

/* How many are asked at the same time. Those that hang are waited for together. */
#define ASKERS_MAX  64
#define STACK_BYTES (512 * 1024)

struct search {
  struct xpf_process_list *list;
  size_t capacity;
  int error;
  bool with_plain;
};

static bool add_process(void *arg, pid_t pid) {
  struct search *search = arg;
  struct xpf_process_list *list = search->list;
  struct xpf_socket_place place;
  bool is_plain = false;

  if (xpf_socket_find(pid, &place) != 0) {
    is_plain = search->with_plain && xpf_node_process_is(pid);
    if (!is_plain)
      return true;
  }
  if (list->count == search->capacity) {
    size_t capacity = search->capacity * 2 + 16;
    struct xpf_process_row *rows = realloc(list->rows, capacity * sizeof *rows);
    if (rows == NULL) {
      search->error = -ENOMEM;
      return false;
    }
    list->rows = rows;
    search->capacity = capacity;
  }
  list->rows[list->count++] = (struct xpf_process_row){.pid = pid, .is_plain = is_plain};
  return true;
}

static int ask(struct xpf_process_row *row, struct xpf_client *client, const char *method,
               uint64_t deadline_ns, cJSON **result) {
  struct xpf_fault fault = {0};
  uint64_t now_ns = xpf_os_now_ns();
  int left_ms = deadline_ns > now_ns ? (int)((deadline_ns - now_ns) / 1000000) + 1 : -1;
  int error = xpf_client_call(client, method, NULL, left_ms, NULL, NULL, result, &fault);

  return error == 0 ? 0 : xpf_target_explain(&row->verdict, row->pid, error, left_ms, &fault);
}

static void fill_row(struct xpf_process_row *row, int timeout_ms) {
  struct xpf_os_identity identity = {0};
  struct xpf_client *client;
  uint64_t deadline_ns = xpf_os_now_ns() + (uint64_t)timeout_ms * 1000000;

  xpf_os_identity(row->pid, &identity);
  snprintf(row->command_line, sizeof row->command_line, "%.255s",
           *identity.command_line != '\0' ? identity.command_line : identity.comm);
  if (row->is_plain) {
    row->status = xpf_verdict_set(&row->verdict, XPF_REASON_NOT_STARTED, XPF_TEXT_NOT_STARTED,
                                  (int)row->pid, row->command_line);
    return;
  }
  row->status = xpf_target_open(&client, row->pid, timeout_ms, &row->verdict);
  if (row->status != 0)
    return;
  row->status = ask(row, client, "process_info", deadline_ns, &row->info);
  if (row->status == 0)
    row->status = ask(row, client, "metrics", deadline_ns, &row->metrics);
  xpf_client_close(client);
}

struct work {
  struct xpf_process_list *list;
  int timeout_ms;
  atomic_size_t next;
};

static void *fill_rows(void *arg) {
  struct work *work = arg;
  for (;;) {
    size_t at = atomic_fetch_add(&work->next, 1);
    if (at >= work->list->count)
      return NULL;
    fill_row(&work->list->rows[at], work->timeout_ms);
  }
}

/* This thread works too, so that it also goes on when no other can be made. */
static void fill_all(struct xpf_process_list *list, int timeout_ms) {
  struct work work = {.list = list, .timeout_ms = timeout_ms};
  pthread_t threads[ASKERS_MAX];
  size_t count = 0;
  pthread_attr_t attributes;

  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, STACK_BYTES);
  while (count < ASKERS_MAX && count + 1 < list->count &&
         pthread_create(&threads[count], &attributes, fill_rows, &work) == 0)
    count++;
  pthread_attr_destroy(&attributes);
  fill_rows(&work);
  while (count > 0)
    pthread_join(threads[--count], NULL);
}

static void free_row(struct xpf_process_row *row) {
  cJSON_Delete(row->info);
  cJSON_Delete(row->metrics);
}

/* A socket that an ended process left behind, or a process that ended just now, is no news. */
static void drop_gone(struct xpf_process_list *list) {
  size_t kept = 0;
  for (size_t i = 0; i < list->count; i++) {
    struct xpf_process_row *row = &list->rows[i];
    bool is_gone = strcmp(row->verdict.reason, "no_process") == 0 ||
                   strcmp(row->verdict.reason, "not_started") == 0 ||
                   strcmp(row->verdict.reason, "not_node") == 0 ||
                   strcmp(row->verdict.reason, "died") == 0;
    if (row->status != 0 && is_gone && !row->is_plain)
      free_row(row);
    else
      list->rows[kept++] = *row;
  }
  list->count = kept;
}

static int by_pid(const void *a, const void *b) {
  const struct xpf_process_row *left = a, *right = b;
  return (left->pid > right->pid) - (left->pid < right->pid);
}

int xpf_process_list_read(struct xpf_process_list *out, int timeout_ms, bool with_plain) {
  struct search search = {.list = out, .with_plain = with_plain};

  *out = (struct xpf_process_list){0};
  int error = xpf_os_each_process(add_process, &search);
  if (error == 0)
    error = search.error;
  if (error != 0 || out->count == 0)
    return error;
  fill_all(out, timeout_ms);
  drop_gone(out);
  if (out->count > 0)
    qsort(out->rows, out->count, sizeof *out->rows, by_pid);
  return 0;
}

void xpf_process_list_free(struct xpf_process_list *list) {
  for (size_t i = 0; i < list->count; i++)
    free_row(&list->rows[i]);
  free(list->rows);
  *list = (struct xpf_process_list){0};
}
