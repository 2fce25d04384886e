/* The configuration: one list of keys, used by the JS entry (merging user > env > default), the
 * set_config / get_config commands, the docs and the types. A plain struct, copied by value; the
 * core keeps the current one under its lock. Pure. [any] */
#ifndef XPF_CORE_CONFIG_H
#define XPF_CORE_CONFIG_H
#include <stdbool.h>
#include <stdint.h>
#include <cjson/cJSON.h>
#include "wire/request.h"

#define XPF_CONFIG_TEXT_MAX 1024

/* clang-format off */
/* X(TYPE, key, ENV suffix, default, min, max, set at run time, unit, what it does)
 * TYPE: TEXT (path or word), NUMBER (double), FLAG. min / max: for NUMBER; inclusive. */
#define XPF_CONFIG_KEYS(X)                                                                         \
  X(TEXT, log_dir, LOG_DIR, "", 0, 0, false, "path", "directory of logs and profiles; default <tmp>/xprofiler-<uid>") \
  X(NUMBER, log_interval, LOG_INTERVAL, 60, 1, 86400, false, "s", "period of the log records")     \
  X(NUMBER, log_level, LOG_LEVEL, 1, 0, 2, true, "", "0 info, 1 error, 2 debug; a line is written when its level is not above") \
  X(NUMBER, log_type, LOG_TYPE, 0, 0, 1, true, "", "0 file, 1 file and standard output")           \
  X(FLAG, log_format_alinode, LOG_FORMAT_ALINODE, false, 0, 0, false, "", "write the alinode log format") \
  X(FLAG, patch_http, PATCH_HTTP, true, 0, 0, false, "", "count HTTP requests")                    \
  X(NUMBER, patch_http_timeout, PATCH_HTTP_TIMEOUT, 30, 0.001, 86400, false, "s", "a response later than this counts as a timeout") \
  X(FLAG, check_throw, CHECK_THROW, true, 0, 0, false, "", "given by name: start() throws when no socket can be made; else that is only logged") \
  X(NUMBER, auto_incr_heap_limit_size, AUTO_INCR_HEAP_LIMIT_SIZE, 256, 1, 1048576, false, "MB", "step of the heap limit growth") \
  X(FLAG, enable_log_uv_handles, ENABLE_LOG_UV_HANDLES, true, 0, 0, true, "", "log libuv handles by type") \
  X(FLAG, enable_fatal_error_hook, ENABLE_FATAL_ERROR_HOOK, true, 0, 0, false, "", "act on V8 fatal errors and out of memory") \
  X(FLAG, enable_fatal_error_report, ENABLE_FATAL_ERROR_REPORT, true, 0, 0, true, "", "write a diagnostic report on a fatal error") \
  X(FLAG, enable_fatal_error_coredump, ENABLE_FATAL_ERROR_COREDUMP, false, 0, 0, true, "", "write a core file on a fatal error") \
  X(FLAG, enable_http_profiling, ENABLE_HTTP_PROFILING, false, 0, 0, true, "", "note HTTP requests in CPU profiles") \
  X(FLAG, enable_auto_incr_heap_limit, ENABLE_AUTO_INCR_HEAP_LIMIT, false, 0, 0, true, "", "raise the heap limit of the main thread when it is nearly reached") \
  X(FLAG, enable_avoid_rss_leak, ENABLE_AVOID_RSS_LEAK, false, 0, 0, false, "", "glibc: fix the mmap threshold so that freed memory goes back") \
  X(NUMBER, m_mmap_threshold, M_MMAP_THRESHOLD, 128, 128, 1048576, false, "KB", "the threshold of enable_avoid_rss_leak") \
  X(TEXT, log_format, LOG_FORMAT, "xprofiler", 0, 0, false, "word", "xprofiler, alinode or json")  \
  X(NUMBER, log_max_age_days, LOG_MAX_AGE_DAYS, 30, 1, 3650, true, "days", "older log files of ours are deleted") \
  X(NUMBER, log_max_total_mb, LOG_MAX_TOTAL_MB, 1024, 1, 1048576, true, "MB", "oldest log files are deleted beyond this total") \
  X(NUMBER, profile_max_total_mb, PROFILE_MAX_TOTAL_MB, 8192, 1, 16777216, true, "MB", "oldest profile files (older than an hour) are deleted beyond this total") \
  X(NUMBER, auto_incr_heap_limit_max, AUTO_INCR_HEAP_LIMIT_MAX, 0, 0, 16777216, false, "MB", "the heap limit never grows beyond; 0 = 80 % of the memory of the host or cgroup") \
  X(FLAG, patch_http_client, PATCH_HTTP_CLIENT, true, 0, 0, false, "", "measure outgoing HTTP requests too") \
  X(FLAG, enable_mask_secrets, ENABLE_MASK_SECRETS, true, 0, 0, true, "", "mask environment values with secret-looking names in reports") \
  X(TEXT, cpu_profiler, CPU_PROFILER, "lazy", 0, 0, false, "word", "lazy, or ready: prepared at start, so that starting a profile causes no pause")
/* clang-format on */

struct xpf_config {
#define XPF_CONFIG_TEXT(key)                                            char key[XPF_CONFIG_TEXT_MAX];
#define XPF_CONFIG_NUMBER(key)                                          double key;
#define XPF_CONFIG_FLAG(key)                                            bool key;
#define XPF_CONFIG_FIELD(type, key, env, def, min, max, rt, unit, what) XPF_CONFIG_##type(key)
  XPF_CONFIG_KEYS(XPF_CONFIG_FIELD)
#undef XPF_CONFIG_FIELD
};

enum xpf_config_type { XPF_CONFIG_TYPE_TEXT, XPF_CONFIG_TYPE_NUMBER, XPF_CONFIG_TYPE_FLAG };

struct xpf_config_key {
  const char *key, *env, *unit, *what; /* env: "XPROFILER_LOG_DIR" */
  enum xpf_config_type type;
  size_t offset; /* in struct xpf_config */
  double min, max;
  bool runtime;
};
extern const struct xpf_config_key xpf_config_keys[];
extern const unsigned xpf_config_keys_count;
/* NULL: no such key. */
const struct xpf_config_key *xpf_config_key_find(const char *key);

/* The words a TEXT key allows, ended by NULL; NULL = any text. */
const char *const *xpf_config_words(const struct xpf_config_key *key);

void xpf_config_init(struct xpf_config *config); /* the defaults */
/* Sets one key from a JSON value. Wrong type, range or word: negative and *fault, config unchanged.
 */
int xpf_config_set(struct xpf_config *config, const char *key, const cJSON *value,
                   struct xpf_fault *fault);
/* Both are the caller's; NULL when out of memory. */
cJSON *xpf_config_value(const struct xpf_config *config, const struct xpf_config_key *key);
/* All keys as one object, sorted by name. */
cJSON *xpf_config_json(const struct xpf_config *config);
#endif
