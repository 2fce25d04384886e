/* The log files. Lines may come from any thread; only the core thread writes. A full or read-only
 * disk costs lines, never the app: reported once (stderr, one line) when it begins and once when it
 * ends, with the number of lines lost. */
#ifndef XPF_CORE_LOG_H
#define XPF_CORE_LOG_H
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

struct xpf_log;

enum xpf_log_level { XPF_LOG_INFO = 0, XPF_LOG_ERROR = 1, XPF_LOG_DEBUG = 2 };
enum xpf_log_format { XPF_FORMAT_XPROFILER, XPF_FORMAT_ALINODE, XPF_FORMAT_JSON };

struct xpf_log_options {
  char dir[1024];
  enum xpf_log_format format;
  int level;      /* lines with a level <= this are written; later see xpf_log_set_level */
  bool to_stdout; /* also */
  double max_age_days;
  double max_total_mb;         /* log files */
  double profile_max_total_mb; /* x-*.{cpuprofile,heapprofile,heapsnapshot,gcprofile,diag,core} */
};

int xpf_log_new(struct xpf_log **out, const struct xpf_log_options *options);
void xpf_log_free(struct xpf_log *log); /* [core] */
/* [core] All but the level. */
void xpf_log_configure(struct xpf_log *log, const struct xpf_log_options *options);
/* [any] Holds for the next line: who has changed it must not wait for the core thread. */
void xpf_log_set_level(struct xpf_log *log, int level);

/* [core] One line now. text must not contain line breaks (they become spaces). Lines up to 64 KiB.
 */
void xpf_log_write(struct xpf_log *log, enum xpf_log_level level, const char *component,
                   uint32_t thread_id, const char *text);
/* [core] JSON format only: object_body is `"a":1,"b":2` and goes in after time, level, component …
 */
void xpf_log_write_json(struct xpf_log *log, enum xpf_log_level level, const char *component,
                        uint32_t thread_id, const char *object_body);
/* [any] Queues a line (bounded: 4096 lines, then the oldest are counted as lost). */
void xpf_log_post(struct xpf_log *log, enum xpf_log_level level, const char *component,
                  uint32_t thread_id, const char *text);
/* [core] Writes the queue. Returns lines written. */
int xpf_log_drain(struct xpf_log *log);
/* [core] Once a second: reopen when the file was moved or deleted, new day, links, retention
 * (hourly). */
void xpf_log_maintain(struct xpf_log *log);
/* [any] True when the level would be written; to save formatting. */
bool xpf_log_wants(const struct xpf_log *log, enum xpf_log_level level);
#endif
