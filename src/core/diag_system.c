#include <ctype.h>
#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "core/core.h"
#include "core/diag.h"
#include "host/cgroup.h"
#include "host/os.h"
#include "wire/utf8.h"

extern char **environ;

/* ---- environment
 * ------------------------------------------------------------------------------------- */

static bool contains_word(const char *name, size_t size, const char *word) {
  size_t length = strlen(word);
  for (size_t i = 0; i + length <= size; i++)
    if (strncasecmp(name + i, word, length) == 0)
      return true;
  return false;
}

static bool looks_secret(const char *name, size_t size) {
  static const char *const words[] = {
      "secret", "token",   "passw",     "pwd",    "credential", "private",           "auth",
      "cookie", "session", "signature", "apikey", "api_key",    "access_key",        "accesskey",
      "_key",   "dsn",     "salt",      "cert",   "jwt",        "connection_string", "conn_str"};
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
    if (contains_word(name, size, words[i]))
      return true;
  return false;
}

/* user:password@ inside a URL value. */
static char *hide_url_password(char *value) {
  char *scheme = strstr(value, "://");
  char *at = scheme ? strchr(scheme + 3, '@') : NULL;
  char *colon = at ? memchr(scheme + 3, ':', (size_t)(at - scheme - 3)) : NULL;
  if (colon) {
    memmove(colon + 4, at, strlen(at) + 1); /* the caller left room for three more bytes */
    memcpy(colon + 1, "***", 3);
  }
  return value;
}

static void add_text(cJSON *list, const char *text, size_t size) {
  char *copy = malloc(size + 8);
  if (!copy)
    return;
  memcpy(copy, text, size);
  copy[size] = '\0';
  size_t bad;
  while ((bad = xpf_utf8_check(copy, size)) < size)
    copy[bad] = '?';
  cJSON_AddItemToArray(list, cJSON_CreateString(copy));
  free(copy);
}

static void add_variable(cJSON *list, const char *entry, bool mask) {
  const char *equals = strchr(entry, '=');
  size_t name_size = equals ? (size_t)(equals - entry) : strlen(entry);
  char *text = malloc(strlen(entry) + 16);
  if (!text)
    return;
  if (equals && mask && looks_secret(entry, name_size))
    sprintf(text, "%.*s=******", (int)name_size, entry);
  else
    strcpy(text, entry);
  if (mask && equals && strchr(text, '@'))
    hide_url_password(text + name_size + 1);
  add_text(list, text, strlen(text));
  free(text);
}

static void add_environment(cJSON *system) {
  struct xpf_config config;
  xpf_core_config(&config);
  cJSON *list = cJSON_AddArrayToObject(system, "env");
  for (char **entry = environ; entry && *entry; entry++)
    add_variable(list, *entry, config.enable_mask_secrets);
}

/* ---- limits
 * ------------------------------------------------------------------------------------------ */

static void add_limit(cJSON *item, const char *key, rlim_t value, rlim_t unit) {
  char text[32] = "unlimited";
  if (value != RLIM_INFINITY)
    snprintf(text, sizeof text, "%llu", (unsigned long long)(value / unit));
  cJSON_AddStringToObject(item, key, text);
}

static void add_limits(cJSON *system) {
  static const struct {
    const char *name;
    int resource;
    rlim_t unit;
  } limits[] = {{"core file size (blocks)", RLIMIT_CORE, 512},
                {"data seg size (kbytes)", RLIMIT_DATA, 1024},
                {"file size (blocks)", RLIMIT_FSIZE, 512},
                {"max locked memory (bytes)", RLIMIT_MEMLOCK, 1},
                {"max memory size (kbytes)", RLIMIT_RSS, 1024},
                {"open files", RLIMIT_NOFILE, 1},
                {"stack size (bytes)", RLIMIT_STACK, 1},
                {"cpu time (seconds)", RLIMIT_CPU, 1},
                {"max user processes", RLIMIT_NPROC, 1},
                {"virtual memory (kbytes)", RLIMIT_AS, 1024}};
  cJSON *list = cJSON_AddArrayToObject(system, "resourceLimits");
  for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
    struct rlimit limit;
    if (getrlimit(limits[i].resource, &limit) != 0)
      continue;
    cJSON *item = cJSON_CreateObject();
    cJSON_AddStringToObject(item, "type", limits[i].name);
    add_limit(item, "softLimit", limit.rlim_cur, limits[i].unit);
    add_limit(item, "hardLimit", limit.rlim_max, limits[i].unit);
    cJSON_AddItemToArray(list, item);
  }
}

static int add_library(struct dl_phdr_info *info, size_t size, void *arg) {
  (void)size;
  if (info->dlpi_name && info->dlpi_name[0])
    add_text(arg, info->dlpi_name, strlen(info->dlpi_name));
  return 0;
}

void xpf_diag_add_system(cJSON *report) {
  cJSON *system = cJSON_AddObjectToObject(report, "system");
  add_environment(system);
  add_limits(system);
  dl_iterate_phdr(add_library, cJSON_AddArrayToObject(system, "loadedLibraries"));
}

/* ---- process
 * ----------------------------------------------------------------------------------------- */

static void add_number(cJSON *object, const char *key, uint64_t value) {
  cJSON_AddNumberToObject(object, key, (double)value);
}

static void add_cgroup(cJSON *report) {
  struct xpf_cgroup *cgroup;
  struct xpf_cgroup_figures figures;
  if (xpf_cgroup_open(&cgroup, 0, "") != 0)
    return;
  xpf_cgroup_read(cgroup, &figures);
  xpf_cgroup_close(cgroup);
  cJSON *item = cJSON_AddObjectToObject(report, "cgroup");
  cJSON_AddNumberToObject(item, "version", figures.version);
  if (figures.memory == XPF_OK) {
    if (figures.memory_limit_bytes == UINT64_MAX)
      cJSON_AddStringToObject(item, "memoryLimit", "unlimited");
    else
      add_number(item, "memoryLimit", figures.memory_limit_bytes);
    add_number(item, "memoryUsed", figures.memory_used_bytes);
    add_number(item, "memoryWorkingSet", figures.memory_working_set_bytes);
  }
  if (figures.cpu == XPF_OK) {
    cJSON_AddNumberToObject(item, "cpuLimit", figures.cpu_limit);
    add_number(item, "throttledPeriods", figures.throttled_periods);
    add_number(item, "throttledMs", figures.throttled_ns / 1000000);
  }
  if (figures.events == XPF_OK)
    add_number(item, "oomKills", figures.oom_kills);
}

static void add_usage(cJSON *report) {
  struct xpf_os_process usage;
  if (xpf_os_process(0, &usage) != 0)
    return;
  cJSON *item = cJSON_AddObjectToObject(report, "process");
  add_number(item, "rss", usage.rss_bytes);
  add_number(item, "rssAnon", usage.rss_anon_bytes);
  add_number(item, "rssFile", usage.rss_file_bytes);
  add_number(item, "rssShmem", usage.rss_shmem_bytes);
  add_number(item, "cpuUserMs", usage.cpu_user_ns / 1000000);
  add_number(item, "cpuSystemMs", usage.cpu_system_ns / 1000000);
  add_number(item, "minorFaults", usage.minor_faults);
  add_number(item, "majorFaults", usage.major_faults);
  add_number(item, "openFds", usage.open_fds);
  add_number(item, "fdLimit", usage.fd_limit);
  add_number(item, "threads", usage.threads);
}

void xpf_diag_add_process(cJSON *report) {
  struct xpf_config config;
  xpf_core_config(&config);
  add_usage(report);
  add_cgroup(report);
  cJSON_AddItemToObject(report, "config", xpf_config_json(&config));
}
