/* A job: one command that makes a file, from its acceptance to its last reply.
 *
 *   queued ──begin [js]──► running ──end [js]──► writing [writer thread] ──► releasing ──► finished
 *      │                   (profiles only)                                  (snapshots)
 *      └── a dump goes straight from begin to writing
 *
 * The state belongs to the core thread. The JS thread does `begin` and `end`, a writer thread
 * `write`; each hands over by posting a call to the core. Commands for one thread begin in the
 * order they came. When the JS thread ends, what runs is ended there and written; what is queued is
 * answered with the reason. */
#ifndef XPF_CORE_JOB_H
#define XPF_CORE_JOB_H
#include <stdbool.h>
#include <stdint.h>
#include <cjson/cJSON.h>
#include <uv.h>
#include "core/command.h"
#include "core/core.h"
#include "core/thread.h"
#include "format/format_table.h"
#include "format/sink.h"
#include "wire/request.h"

struct xpf_job;

struct xpf_job_type {
  const char *command;     /* "start_cpu_profiling", "diag_report" */
  const char *action;      /* the name old replies use: "start_cpu_profiling", "node_report" */
  const char *stop_action; /* NULL for a dump */
  const char *kind;        /* in the file's name: "cpuprofile" */
  const char *extension;
  const char *format;  /* of the file, by its name in format_table.h; NULL: another one */
  unsigned formats;    /* XPF_KIND_BIT() of what `format` may turn it into; 0: none */
  size_t size;         /* of the type's struct, which begins with struct xpf_job */
  bool needs_thread;   /* works on one JS thread */
  bool needs_loop;     /* begin and end run JavaScript: never in an interrupt */
  bool streams;        /* a profile that is written while it runs: `write` ends when it may */
  bool survives_fatal; /* `end` asks V8 for nothing that needs its heap */
  unsigned begin_deadline_ms; /* after it the job goes on without its thread; 0 = never */
  /* [core] Reads its options; 0 or negative with the fault filled. May be NULL. */
  int (*parse)(struct xpf_job *job, const cJSON *params, struct xpf_fault *fault);
  /* [js] */
  int (*begin)(struct xpf_job *job, struct xpf_thread *thread, struct xpf_fault *fault);
  /* [js] Profiles: stop and take the data. is_last: the isolate ends, nothing of V8 may be kept and
   * no JavaScript run. XPF_JOB_ENDS_LATER: xpf_job_end_now will tell. */
  int (*end)(struct xpf_job *job, struct xpf_thread *thread, bool is_last, struct xpf_fault *fault);
  /* [writer] */
  int (*write)(struct xpf_job *job, struct xpf_sink *sink, struct xpf_fault *fault);
  /* [writer] Instead of `write`, or after it failed: gives back what it would have consumed, while
   * the thread is still borrowed. May be NULL. */
  void (*discard)(struct xpf_job *job);
  /* [core] Of one that streams: `write` shall end with what has come, because the process ends and
   * the JS thread does not answer. */
  void (*cut)(struct xpf_job *job);
  /* [js] Gives V8 data back after writing; NULL when there is none. */
  void (*release)(struct xpf_job *job, struct xpf_thread *thread);
  /* [core] Adds what is known at the end (samples, nodes …) to a result. May be NULL. */
  void (*describe)(const struct xpf_job *job, cJSON *result);
  /* [any] Frees what the type added. May be NULL. */
  void (*free)(struct xpf_job *job);
  /* Makes the file itself when not NULL: writes to a descriptor (a core). [writer] */
  int (*write_fd)(struct xpf_job *job, int fd, uint64_t *bytes, struct xpf_fault *fault);
};

#define XPF_JOB_ENDS_LATER 1

enum xpf_job_state {
  XPF_JOB_QUEUED,
  XPF_JOB_RUNNING,
  XPF_JOB_STOPPING,
  XPF_JOB_WRITING,
  XPF_JOB_RELEASING,
  XPF_JOB_FINISHED
};

struct xpf_job_waiter; /* job_reply.c: who is to be answered */

struct xpf_job {
  struct xpf_job *next;
  const struct xpf_job_type *type;
  unsigned refs;
  enum xpf_job_state state;
  struct xpf_thread *thread; /* referenced; NULL when the type needs none */
  uint32_t thread_id;
  char dir[1024], name[256], extension[32];
  const struct xpf_format *format; /* of the file; NULL where the type knows but one */
  int error;                       /* 0, or negative with fault */
  struct xpf_fault fault;
  const char *ended_by; /* constant text, or NULL; atomic */
  bool cancelled;       /* atomic; asked for by a client */
  bool is_borrowing;    /* the thread waits for our return of V8 data */
  bool without_thread;  /* begin_deadline_ms passed */
  bool is_released;
  bool is_cut;
  bool is_written; /* the writer of one that streams has come back before its end */
  uint64_t accepted_ns, began_ns, ended_ns, releasing_ns, progress_ns;
  uint64_t paused_ns; /* of the JS thread, by us */
  uint64_t bytes;
  bool in_memory; /* no file: `data` is for who asked, in this process */
  char *data;
  uint32_t done, total; /* atomics: progress inside one step */
  double profiling_ms;  /* 0 = until stopped */
  uv_timer_t *timer;
  uv_thread_t writer;
  struct xpf_task begin_task, end_task, release_task;
  bool end_posted;
  struct xpf_thread_item item;
  bool item_added; /* [js]; apart from the flags of other threads, which are read as one word */
  uint32_t is_on_thread; /* atomic; the thread is free and begins, which V8 may take long for */
  struct xpf_call begun, ended, written, released;
  struct xpf_job_waiter *waiters;
};

extern const struct xpf_job_type xpf_job_cpu, xpf_job_heap, xpf_job_gc, xpf_job_snapshot,
    xpf_job_report, xpf_job_core, xpf_job_trace;

/* [core] The commands: start or dump, stop, cancel. Deferred when 0. */
int xpf_job_command_start(struct xpf_command_call *call, const struct xpf_command *command);
int xpf_job_command_stop(struct xpf_command_call *call, const struct xpf_command *command);
int xpf_job_command_cancel(struct xpf_command_call *call, const struct xpf_command *command);

/* [any] Waits until no job of this thread (or none at all: xpf_jobs_wait) is left. */
void xpf_jobs_wait_thread(uint32_t thread_id, unsigned limit_s);
void xpf_jobs_wait(unsigned limit_s);
/* [js] Until what xpf_thread_items_save ended is written. */
void xpf_jobs_wait_saved(uint32_t thread_id, unsigned limit_s);
/* Long enough for a large snapshot to be written at the end of a process. */
#define XPF_JOBS_WAIT_S 30
/* [core] Ends all running jobs; done(arg) once none is left or after limit_ms. */
void xpf_jobs_end_all(const char *reason, unsigned limit_ms, void (*done)(void *arg), void *arg);
/* [core] The loop is about to close. */
void xpf_jobs_close(void);

/* [any] The next free name: x-<kind>-<pid>-<YYYYMMDD>-<n>.<extension>. */
void xpf_job_next_name(char *name, size_t size, const char *kind, const char *extension);
/* [writer] V8 data has been read: the thread need not wait any longer. */
void xpf_job_return_borrowed(struct xpf_job *job);
/* [writer] Writes it in the job's format, with the date when the job began, and for how long it ran
 * where V8 has no times. The sink's error, or that of the format. */
int xpf_job_profile_write(const struct xpf_job *job, struct xpf_profile *profile,
                          struct xpf_sink *sink);
/* [js] The end that was to come later: calls `end` again, which is complete now. */
void xpf_job_end_now(struct xpf_job *job);
/* [js] Time taken from the JS thread outside of begin and end. */
void xpf_job_add_pause(struct xpf_job *job, uint64_t spent_ns);
/* [any] Somebody wants it to end soon. */
bool xpf_job_is_unwanted(const struct xpf_job *job);

/* ---- job_reply.c [core]
 * ---------------------------------------------------------------------------- */

/* Remembers who asked. wait: answer when the file is complete. */
int xpf_job_waiter_add(struct xpf_job *job, const struct xpf_command_call *call, bool wait);
/* Answers those who do not wait for the end, with the present state. */
void xpf_job_answer_early(struct xpf_job *job);
/* Answers everybody: the result or the fault. True when somebody was told. */
bool xpf_job_answer_all(struct xpf_job *job);
/* A notification of the file that was written. */
char *xpf_job_written_line(void *job);
void xpf_job_progress(struct xpf_job *job);
bool xpf_job_has_early_waiter(const struct xpf_job *job);
/* The thread was free, and is at it: no longer pending, not yet begun. */
bool xpf_job_is_beginning(const struct xpf_job *job);
bool xpf_job_has_waiter(const struct xpf_job *job, uint64_t client_id, const cJSON *id);
#endif
