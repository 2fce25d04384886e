/* Profiles, snapshots and reports that were taken through xprofd: taken by xprofctl as a child (so
 * that neither a large file nor a hostile one can harm the daemon), kept in data_dir/profiles with
 * one small JSON file each that describes it, bounded by age and size. On the loop's thread. */
#ifndef XPF_DAEMON_PROFILES_H
#define XPF_DAEMON_PROFILES_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <uv.h>
#include <cjson/cJSON.h>
#include "daemon/profile_kind.h"

struct xpf_profiles;
struct xpf_daemon;

enum xpf_take_state {
  XPF_TAKE_RUNNING,
  XPF_TAKE_WRITING,
  XPF_TAKE_COMPLETE,
  XPF_TAKE_FAILED,
};

/* What is to be taken. */
struct xpf_take_request {
  const struct xpf_take_kind *kind;
  pid_t pid;
  const char *key, *name; /* of the entity; name may be "" */
  long thread_id;
  double seconds; /* of a timed kind */
};

/* One that was taken, or is being taken. */
struct xpf_take {
  char id[96]; /* [0-9a-z-]+: also the name of its files */
  const struct xpf_take_kind *kind;
  pid_t pid;
  long thread_id;
  char key[128], name[256];
  int64_t started_ms, ends_ms; /* ends: when it will have run, or when its file was complete */
  double paused_ms, size;      /* NaN while unknown */
  double other_size;           /* of its converted files */
  unsigned made;               /* xpf_take_format_bit()s of what was converted since the start */
  char error[512];
  cJSON *summary; /* as xprofctl tells it; may be NULL */
  bool is_failed;
  struct xpf_child *child; /* while it runs */
  struct xpf_profiles *of;
  struct xpf_take *next; /* newest first */
};

struct xpf_profiles_options {
  const char *dir; /* made when it is not there */
  const char *xprofctl;
  double max_bytes;
  int64_t max_age_ms;
  void (*changed)(void *arg, const struct xpf_take *take); /* may be NULL */
  void *arg;
};
#define XPF_TAKES_MAX         1000 /* that are kept */
#define XPF_TAKES_RUNNING_MAX 8
#define XPF_TAKE_SECONDS_MAX  3600

/* Reads what is there (waits for the disk: at the start only). 0 or -errno. */
int xpf_profiles_open(struct xpf_profiles **out, uv_loop_t *loop,
                      const struct xpf_profiles_options *options);
/* Stops what runs (its files are still made), then calls closed. */
void xpf_profiles_close(struct xpf_profiles *profiles, void (*closed)(void *arg), void *arg);
/* 0; -EBUSY: as many as may are running; else -errno: xprofctl could not be started. */
int xpf_profiles_take(struct xpf_profiles *profiles, const struct xpf_take_request *request,
                      struct xpf_take **out);
struct xpf_take *xpf_profiles_first(const struct xpf_profiles *profiles);
struct xpf_take *xpf_profiles_find(const struct xpf_profiles *profiles, const char *id);
/* One that runs stops early; one that has ended is removed with its files. */
void xpf_profiles_remove(struct xpf_profiles *profiles, struct xpf_take *take);
/* Removes what is over the bounds; once in a while. */
void xpf_profiles_sweep(struct xpf_profiles *profiles, int64_t now_ms);

enum xpf_take_state xpf_take_state(const struct xpf_take *take, int64_t now_ms);
cJSON *xpf_take_to_json(const struct xpf_take *take, int64_t now_ms);
/* The path of its file in that format (NULL: as it was taken), made first when it is another one.
 * error: "" or a sentence; then path is NULL. Called once, perhaps at once. */
typedef void (*xpf_take_file_ready)(void *arg, const char *path, const char *error);
void xpf_take_file(struct xpf_take *take, const struct xpf_take_format *format,
                   xpf_take_file_ready ready, void *arg);

/* Of the daemon; NULL when there are none (its data_dir has no room for them). */
struct xpf_profiles *xpf_daemon_profiles(const struct xpf_daemon *daemon);
#endif
