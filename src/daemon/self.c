/* The daemon as one of the things it knows: its own cost and how it does. */
#include "daemon/self.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "daemon/daemon.h"
#include "daemon/late.h"
#include "daemon/part_list.h"
#include "host/proc_file.h"
#include "xpf_version.h"

/* clang-format off */
enum {
  CPU, RSS, VIRTUAL, FDS, FDS_MAX, STARTED, LATE, ENTITIES, REQUESTS, REFUSED, CONNECTIONS, SCRAPES, SCRAPE_SECONDS,
  SCRAPE_BYTES, LIVE_CLIENTS, LIVE_LOST, STORE_BYTES, STORE_FRAMES, STORE_LOST, STORE_EVENTS, STORE_SECONDS, STORE_OLDEST
};
static const struct xpf_field FIELDS[] = {
    [CPU] = {"cpu_seconds", "process_cpu_seconds_total", NULL, XPF_FIELD_COUNTER, "seconds", "CPU time that xprofd used, user and system", "getrusage"},
    [RSS] = {"rss", "process_resident_memory_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "memory of xprofd that is resident", "/proc/self/statm"},
    [VIRTUAL] = {"virtual", "process_virtual_memory_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "address space of xprofd", "/proc/self/statm"},
    [FDS] = {"fds", "process_open_fds", NULL, XPF_FIELD_GAUGE, "", "descriptors that xprofd has open", "/proc/self/fd"},
    [FDS_MAX] = {"fds_max", "process_max_fds", NULL, XPF_FIELD_GAUGE, "", "descriptors that xprofd may have open", "getrlimit"},
    [STARTED] = {"started", "process_start_time_seconds", NULL, XPF_FIELD_GAUGE, "seconds", "when xprofd was started, Unix time", "clock"},
    [LATE] = {"ticks_late", "xprofd_ticks_late_total", NULL, XPF_FIELD_COUNTER, "", "ticks of a second that came more than half a second late, or never", "own count"},
    [ENTITIES] = {"entities", "xprofd_entities", NULL, XPF_FIELD_GAUGE, "", "things that are known now", "own count"},
    [REQUESTS] = {"http_requests", "xprofd_http_requests_total", NULL, XPF_FIELD_COUNTER, "", "requests that HTTP got", "own count"},
    [REFUSED] = {"http_refused", "xprofd_http_refused_total", NULL, XPF_FIELD_COUNTER, "", "requests and connections that were refused: too many, or without the right to ask", "own count"},
    [CONNECTIONS] = {"http_connections", "xprofd_http_connections", NULL, XPF_FIELD_GAUGE, "", "connections of HTTP that are open", "own count"},
    [SCRAPES] = {"scrapes", "xprofd_scrapes_total", NULL, XPF_FIELD_COUNTER, "", "answers of /metrics", "own count"},
    [SCRAPE_SECONDS] = {"scrape_seconds", "xprofd_scrape_seconds_total", NULL, XPF_FIELD_COUNTER, "seconds", "time from the request to the finished text of /metrics", "own count"},
    [SCRAPE_BYTES] = {"scrape_bytes", "xprofd_scrape_bytes_total", NULL, XPF_FIELD_COUNTER, "bytes", "bytes of /metrics, as they were sent", "own count"},
    [LIVE_CLIENTS] = {"live_clients", "xprofd_live_clients", NULL, XPF_FIELD_GAUGE, "", "clients of the live stream", "own count"},
    [LIVE_LOST] = {"live_lost", "xprofd_live_lost_total", NULL, XPF_FIELD_COUNTER, "", "events that slow clients of the live stream lost", "own count"},
    [STORE_BYTES] = {"store_bytes", "xprofd_store_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "what the history takes on disk", "own count"},
    [STORE_FRAMES] = {"store_frames", "xprofd_store_frames_total", NULL, XPF_FIELD_COUNTER, "", "seconds that were written to the history", "own count"},
    [STORE_LOST] = {"store_lost", "xprofd_store_frames_lost_total", NULL, XPF_FIELD_COUNTER, "", "seconds that the history lost, since it could not be written", "own count"},
    [STORE_EVENTS] = {"store_events", "xprofd_store_events_total", NULL, XPF_FIELD_COUNTER, "", "events that were written to the history", "own count"},
    [STORE_SECONDS] = {"store_seconds", "xprofd_store_write_seconds_total", NULL, XPF_FIELD_COUNTER, "seconds", "time spent to write the history, not on the loop", "own count"},
    [STORE_OLDEST] = {"store_oldest", "xprofd_store_oldest_timestamp_seconds", NULL, XPF_FIELD_GAUGE, "seconds", "the oldest moment of the history, Unix time", "own count"},
};
/* clang-format on */

static const char *const INFO[] = {"version", NULL};
static const struct xpf_kind KIND = {
    .name = "xprofd",
    .help = "xprofd itself: its version",
    .fields = FIELDS,
    .fields_count = XPF_ROWS(FIELDS),
    .info = INFO,
    .info_family = "xprofd_build_info",
    .stale_after_ms = 3500,
};

struct self {
  struct xpf_daemon *daemon;
  uint64_t late_before;
  struct xpf_late_minute late;
};

static void read_memory(struct xpf_entity *entity) {
  char text[256];
  double pages[2];
  double page = (double)sysconf(_SC_PAGESIZE);
  if (xpf_proc_file_read(AT_FDCWD, "/proc/self/statm", text, sizeof text) <= 0 ||
      sscanf(text, "%lf %lf", &pages[0], &pages[1]) != 2)
    return;
  xpf_entity_set(entity, VIRTUAL, pages[0] * page);
  xpf_entity_set(entity, RSS, pages[1] * page);
}

static void read_fds(struct xpf_entity *entity) {
  DIR *dir = opendir("/proc/self/fd");
  if (!dir)
    return;
  int count = -3; /* ".", ".." and that of the folder */
  while (readdir(dir))
    count++;
  closedir(dir);
  struct rlimit limit;
  xpf_entity_set(entity, FDS, count);
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
    xpf_entity_set(entity, FDS_MAX, (double)limit.rlim_cur);
}

static void read_store(const struct xpf_daemon *daemon, struct xpf_entity *entity) {
  if (!daemon->store)
    return;
  struct xpf_store_figures figures = {0};
  daemon->store_engine->figures(daemon->store, &figures);
  xpf_entity_set(entity, STORE_BYTES, (double)figures.bytes_on_disk);
  xpf_entity_set(entity, STORE_FRAMES, (double)figures.frames_written);
  xpf_entity_set(entity, STORE_LOST, (double)figures.frames_lost);
  xpf_entity_set(entity, STORE_EVENTS, (double)figures.events_written);
  xpf_entity_set(entity, STORE_SECONDS, figures.write_seconds_total);
  if (figures.oldest_ms > 0)
    xpf_entity_set(entity, STORE_OLDEST, (double)figures.oldest_ms / 1000);
}

static void read_figures(const struct xpf_daemon *daemon, struct xpf_entity *entity) {
  const struct xpf_figures *figures = &daemon->figures;
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  xpf_entity_set(entity, CPU,
                 (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                     (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6);
  xpf_entity_set(entity, STARTED, (double)daemon->started_ms / 1000);
  xpf_entity_set(entity, LATE, (double)figures->ticks_late);
  xpf_entity_set(entity, ENTITIES, (double)xpf_world_count(daemon->world));
  xpf_entity_set(entity, REQUESTS, (double)figures->http_requests);
  xpf_entity_set(entity, REFUSED, (double)figures->http_refused);
  xpf_entity_set(entity, CONNECTIONS, figures->http_connections);
  xpf_entity_set(entity, SCRAPES, (double)figures->scrapes);
  xpf_entity_set(entity, SCRAPE_SECONDS, figures->scrape_seconds);
  xpf_entity_set(entity, SCRAPE_BYTES, (double)figures->scrape_bytes);
  xpf_entity_set(entity, LIVE_CLIENTS, figures->live_clients);
  xpf_entity_set(entity, LIVE_LOST, (double)figures->live_lost);
}

static void tick(void *arg, int64_t now_ms) {
  struct self *self = arg;
  struct xpf_daemon *daemon = self->daemon;
  uint64_t late = daemon->figures.ticks_late;
  daemon->figures.late_in_minute = xpf_late_minute_add(&self->late, uv_hrtime() / 1000000000,
                                                       (unsigned)(late - self->late_before));
  self->late_before = late;
  struct xpf_entity *entity = xpf_world_entity(daemon->world, &KIND, "", NULL, NULL);
  if (!entity)
    return;
  read_memory(entity);
  read_fds(entity);
  read_figures(daemon, entity);
  read_store(daemon, entity);
  xpf_entity_set_info(entity, 0, XPF_VERSION);
  xpf_entity_updated(entity, now_ms);
}

static int start(void **out, struct xpf_daemon *daemon, char *why, size_t why_size) {
  (void)why, (void)why_size;
  struct self *self = calloc(1, sizeof *self);
  if (!self)
    return -ENOMEM;
  self->daemon = daemon;
  *out = self;
  tick(self, xpf_world_now_ms());
  return 0;
}

static void stop(void *part, void (*closed)(void *arg), void *arg) {
  free(part);
  closed(arg);
}

static const struct xpf_kind *const KINDS[] = {&KIND, NULL};

const struct xpf_part xpf_part_self = {
    .name = "self", .kinds = KINDS, .start = start, .tick = tick, .stop = stop};

const struct xpf_entity *xpf_self_entity(const struct xpf_world *world) {
  return xpf_world_find(world, &KIND, "");
}
