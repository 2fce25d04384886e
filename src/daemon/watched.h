/* One process of Node.js that is looked after: its entities (process, node, threads), the
 * connection to its core, and what happens to it. discovery.c keeps the list of them and does on
 * the pool what may wait. Belongs to the loop's thread, but for what is marked. */
#ifndef XPF_DAEMON_WATCHED_H
#define XPF_DAEMON_WATCHED_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <uv.h>
#include "daemon/core_link.h"
#include "daemon/figure_watch.h"
#include "daemon/outside.h"
#include "daemon/process_find.h"
#include "daemon/world.h"

extern const struct xpf_kind xpf_kind_process;
/* Info of the kind process. */
enum xpf_process_info {
  XPF_PROCESS_NAME,
  XPF_PROCESS_COMMAND,
  XPF_PROCESS_EXE,
  XPF_PROCESS_USER,
  XPF_PROCESS_NODE_VERSION,
  XPF_PROCESS_CORE,
  XPF_PROCESS_PROBLEM,
  XPF_PROCESS_VERSION,
  XPF_PROCESS_NS_PID,
  XPF_PROCESS_CGROUP,
  XPF_PROCESS_CWD,
  XPF_PROCESS_TITLE,
  XPF_PROCESS_LOG_DIR
};

enum xpf_core_state {
  XPF_CORE_UNKNOWN,
  XPF_CORE_RUNNING, /* it answers */
  XPF_CORE_NONE,    /* xprofiler is not started in it */
  XPF_CORE_SILENT,  /* it is there, but gives no answer that can be used */
  XPF_CORE_DENIED   /* not ours to ask */
};

/* Parts of the second, of 50 ms, over which the questions are spread. */
#define XPF_WATCHED_SLOTS 18

struct xpf_watched_thread {
  uint32_t thread_id;
  bool is_seen;
  struct xpf_entity *entity;
  struct xpf_figure_watch watch;
};

/* What all of them share. */
struct xpf_watching {
  uv_loop_t *loop;
  struct xpf_world *world;
  struct xpf_metrics_reply scratch;
  void (*lost)(void *arg); /* a connection ended: its process may have */
  void *arg;
};

struct xpf_watched {
  struct xpf_watching *all;
  pid_t pid, ns_pid;
  uint64_t start_ticks;
  char key[48], pid_text[16], name[128];
  unsigned slot; /* in which part of the second it is asked */

  /* Of the pool while a round is out. */
  struct xpf_outside *outside;
  bool has_ended, wants_connection, is_without_core;
  int connect_error;
  struct xpf_client *client;

  struct xpf_entity *process, *node; /* NULL: the world is full, or not known yet */
  struct xpf_core_link *link;
  enum xpf_core_state core;
  int64_t found_ms, silent_ms, heard_ms; /* Unix time */
  int64_t connect_due_ms;                /* of the loop's clock */
  unsigned failures;
  struct xpf_watched_thread *threads;
  uint32_t threads_count, threads_capacity;
  struct xpf_figure_watch watch; /* of the whole process */
};

/* Takes the client of found. NULL: no memory. is_first: it was there before us. */
struct xpf_watched *xpf_watched_new(struct xpf_watching *all, struct xpf_process_found *found,
                                    bool is_first, int64_t now_ms);
/* It has ended: says so, and removes everything. has_left_socket: its socket is still there, so it
 * did not end by itself. */
void xpf_watched_end(struct xpf_watched *watched, bool has_left_socket, int64_t now_ms);
/* The same without a word, at the end of the daemon. */
void xpf_watched_free(struct xpf_watched *watched);
/* Once a second, before its round: decides wants_connection, notes silence. */
void xpf_watched_tick(struct xpf_watched *watched, int64_t now_ms);
/* After its round: what was read from outside, and the result of the attempt to connect. */
void xpf_watched_round_done(struct xpf_watched *watched, int64_t now_ms);
/* In its part of the second. */
void xpf_watched_ask(struct xpf_watched *watched);
#endif
