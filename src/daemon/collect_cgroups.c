/* The cgroups in which Node.js processes live, found by these. One is kept for a while after its
 * last process has gone: that may just be what its memory limit did. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cgroup_fields.h"
#include "daemon/cgroup_members.h"
#include "daemon/collector_list.h"
#include "daemon/oom_kills.h"
#include "daemon/pace.h"
#include "daemon/sheet.h"

#define SHARE     0.01 /* of a CPU, at most */
#define PERIOD_MS 1000

static const struct xpf_kind *const KINDS[] = {&xpf_kind_cgroup, NULL};

struct cgroups {
  struct xpf_cgroup_members members;
  struct xpf_sheet *sheet;
  struct xpf_pace pace;
  struct xpf_oom_kills *oom_kills;
};

static void cgroups_free(void *arg) {
  struct cgroups *cgroups = arg;
  xpf_cgroup_members_free(&cgroups->members);
  xpf_sheet_free(cgroups->sheet);
  free(cgroups);
}

static void *cgroups_new(const struct xpf_collector_context *context, int *error) {
  struct cgroups *cgroups = calloc(1, sizeof *cgroups);
  *error = -ENOMEM;
  if (!cgroups)
    return NULL;
  cgroups->oom_kills = context->oom_kills;
  xpf_cgroup_members_init(&cgroups->members, context->proc);
  xpf_pace_init(&cgroups->pace, PERIOD_MS, SHARE);
  cgroups->sheet = xpf_sheet_new(&xpf_kind_cgroup, XPF_CGROUPS_MAX);
  if (!cgroups->sheet) {
    cgroups_free(cgroups);
    return NULL;
  }
  *error = 0;
  return cgroups;
}

static int cgroups_gather(void *arg) {
  struct cgroups *cgroups = arg;
  struct xpf_cgroup_members *members = &cgroups->members;
  int64_t now_ms = xpf_world_now_ms();
  xpf_cgroup_members_look(members, now_ms);
  xpf_pace_round(&cgroups->pace, now_ms, members->groups_count);
  xpf_sheet_begin(cgroups->sheet);
  for (size_t i = 0; i < members->groups_count; i++) {
    struct xpf_cgroup_group *group = members->groups[i];
    struct xpf_row *row = xpf_sheet_row(cgroups->sheet, group->name, NULL);
    if (!row)
      break;
    if (now_ms < group->due_ms || !xpf_pace_allows(&cgroups->pace)) {
      xpf_row_keep(row);
      continue;
    }
    struct xpf_pace_moment begun, ended;
    xpf_pace_moment_now(&begun);
    xpf_cgroup_group_read(group, row);
    xpf_pace_moment_now(&ended);
    xpf_pace_spent(&cgroups->pace, xpf_pace_cost_s(&begun, &ended));
    group->due_ms = xpf_pace_next_ms(&cgroups->pace, now_ms, 0);
  }
  return 0;
}

static void tell_kills(const struct cgroups *cgroups, struct xpf_world *world,
                       struct xpf_cgroup_group *group, int64_t now_ms) {
  char text[XPF_CGROUP_NAME_SIZE + 160], limit[64] = "";
  if (group->new_kills == 0)
    return;
  if (group->limit_bytes != UINT64_MAX)
    snprintf(limit, sizeof limit, " (its limit: %.0f MB)", (double)group->limit_bytes / 1048576);
  snprintf(text, sizeof text,
           "memory ran out in cgroup %s%s: the kernel killed %llu process%s of it", group->name,
           limit, (unsigned long long)group->new_kills, group->new_kills == 1 ? "" : "es");
  xpf_world_event(world, "oom_kill", xpf_world_find(world, &xpf_kind_cgroup, group->name), text);
  if (cgroups->oom_kills)
    xpf_oom_kills_told(cgroups->oom_kills, group->new_kills, now_ms);
  group->new_kills = 0;
}

static void cgroups_publish(void *arg, struct xpf_world *world, int64_t now_ms) {
  struct cgroups *cgroups = arg;
  xpf_sheet_publish(cgroups->sheet, world, now_ms);
  for (size_t i = 0; i < cgroups->members.groups_count; i++)
    tell_kills(cgroups, world, cgroups->members.groups[i], now_ms);
  xpf_cgroup_members_exchange(&cgroups->members, world);
}

const struct xpf_collector xpf_collector_cgroups = {
    .name = "cgroups",
    .period_ms = PERIOD_MS,
    .kinds = KINDS,
    .new = cgroups_new,
    .gather = cgroups_gather,
    .publish = cgroups_publish,
    .free = cgroups_free,
};
