#include "core/diag.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#if defined(__GLIBC__)
#include <gnu/libc-version.h>
#endif

#include "core/command.h"
#include "xpf_version.h"

static void add_os(cJSON *report) {
  struct utsname name;
  char text[512];
  if (uname(&name) != 0)
    return;
#if defined(__GLIBC__)
  const char *libc = gnu_get_libc_version();
#else
  const char *libc = "none";
#endif
  snprintf(text, sizeof text, "%s / %s / %s (glibc: %s) / %s %s", name.sysname, name.release,
           name.version, libc, name.nodename, name.machine);
  cJSON_AddStringToObject(report, "osVersion", text);
}

static void add_time(cJSON *report, const char *key, time_t when) {
  struct tm parts;
  char text[32];
  localtime_r(&when, &parts);
  strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts);
  cJSON_AddStringToObject(report, key, text);
}

static void add_head(cJSON *report, const struct xpf_diag *diag) {
  uint64_t attached_s = (uv_hrtime() - xpf_thread_attached_ns(diag->thread)) / 1000000000;
  time_t now = time(NULL);
  cJSON_AddNumberToObject(report, "pid", getpid());
  cJSON_AddNumberToObject(report, "thread_id", xpf_thread_id(diag->thread));
  cJSON_AddStringToObject(report, "location", diag->location);
  cJSON_AddStringToObject(report, "message", diag->message);
  cJSON_AddStringToObject(report, "nodeVersion", xpf_process_facts.node_version);
  add_os(report);
  add_time(report, "loadTime", now - (time_t)attached_s);
  add_time(report, "dumpTime", now);
}

int xpf_diag_write(const struct xpf_diag *diag, struct xpf_sink *sink) {
  cJSON *report = cJSON_CreateObject();
  if (!report)
    return -ENOMEM;
  add_head(report, diag);
  xpf_diag_add_js(report, diag);
  xpf_diag_add_system(report);
  xpf_diag_add_native(report, diag);
  xpf_diag_add_process(report);
  cJSON_AddStringToObject(report, "xprofilerVersion", XPF_VERSION);
  cJSON_AddStringToObject(report, "v8Version", xpf_bridge_v8_version());
  char *text = cJSON_Print(report);
  cJSON_Delete(report);
  if (!text)
    return -ENOMEM;
  int err = xpf_sink_text(sink, text);
  free(text);
  return err;
}
