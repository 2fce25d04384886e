#include "daemon/cgroup_members.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/cgroup_details.h"
#include "host/proc_file.h"

#define LOOK_MS   10000 /* a process may be moved */
#define LINGER_MS 60000

void xpf_cgroup_members_init(struct xpf_cgroup_members *members, const char *proc) {
  size_t size = strlen(proc), end = sizeof "/proc" - 1;
  members->proc = proc;
  if (size > end && size - end < sizeof members->root && strcmp(proc + size - end, "/proc") == 0)
    memcpy(members->root, proc, size - end);
}

static void free_group(struct xpf_cgroup_group *group) {
  xpf_cgroup_close(group->cgroup);
  free(group->membership);
  free(group);
}

void xpf_cgroup_members_free(struct xpf_cgroup_members *members) {
  for (size_t i = 0; i < members->groups_count; i++)
    free_group(members->groups[i]);
  free(members->list);
  free(members->wanted);
}

static struct xpf_cgroup_group *find_group(const struct xpf_cgroup_members *members,
                                           const char *membership, const char *name) {
  for (size_t i = 0; i < members->groups_count; i++)
    if ((membership && !members->groups[i]->is_lost &&
         strcmp(members->groups[i]->membership, membership) == 0) ||
        (name && strcmp(members->groups[i]->name, name) == 0))
      return members->groups[i];
  return NULL;
}

/* The process through whose eyes it was seen has ended; another one sees it too. */
static void replace(struct xpf_cgroup_group *lost, struct xpf_cgroup_group *found) {
  struct xpf_cgroup *cgroup = lost->cgroup;
  char *membership = lost->membership;
  lost->cgroup = found->cgroup;
  lost->membership = found->membership;
  lost->is_lost = false;
  found->cgroup = cgroup;
  found->membership = membership;
}

static struct xpf_cgroup_group *make_group(struct xpf_cgroup_members *members, pid_t pid,
                                           const char *membership) {
  struct xpf_cgroup_group *group = calloc(1, sizeof *group);
  if (!group || !(group->membership = strdup(membership)) ||
      xpf_cgroup_open(&group->cgroup, pid, members->root) != 0) {
    if (group)
      free_group(group);
    return NULL;
  }
  xpf_cgroup_name(group->cgroup, group->name, sizeof group->name);
  /* A name twice: they differ in what the name does not tell. One stands for both. */
  struct xpf_cgroup_group *same = find_group(members, NULL, group->name);
  if (same && same->is_lost)
    replace(same, group);
  if (same || group->name[0] == '\0' || members->groups_count == XPF_CGROUPS_MAX) {
    free_group(group);
    return same;
  }
  members->groups[members->groups_count++] = group;
  return group;
}

static void look_at(struct xpf_cgroup_members *members, struct xpf_cgroup_member *member,
                    int64_t now_ms) {
  char path[4200], membership[8192];
  snprintf(path, sizeof path, "%s/%d/cgroup", members->proc, (int)member->pid);
  member->looked_ms = now_ms;
  member->group = NULL;
  if (xpf_proc_file_read(AT_FDCWD, path, membership, sizeof membership) <= 0)
    return;
  member->group = find_group(members, membership, NULL);
  if (!member->group)
    member->group = make_group(members, member->pid, membership);
}

static int by_pid(const void *a, const void *b) {
  pid_t one = *(const pid_t *)a, other = *(const pid_t *)b;
  return (one > other) - (one < other);
}

static struct xpf_cgroup_member *find_member(const struct xpf_cgroup_members *members, pid_t pid) {
  return members->count > 0
             ? bsearch(&pid, members->list, members->count, sizeof *members->list, by_pid)
             : NULL;
}

/* The list becomes what is wanted; who was in it keeps what is known of it. */
static void take_wanted(struct xpf_cgroup_members *members) {
  struct xpf_cgroup_member *list = calloc(members->wanted_count + 1, sizeof *list);
  if (!list)
    return;
  if (members->wanted_count > 0)
    qsort(members->wanted, members->wanted_count, sizeof *members->wanted, by_pid);
  for (size_t i = 0; i < members->wanted_count; i++) {
    const struct xpf_cgroup_member *known = find_member(members, members->wanted[i]);
    list[i] = known ? *known : (struct xpf_cgroup_member){.pid = members->wanted[i]};
  }
  free(members->list);
  members->list = list;
  members->count = members->wanted_count;
}

/* Groups that nobody has been in for a while go. */
static void clean_up(struct xpf_cgroup_members *members, int64_t now_ms) {
  size_t left = 0;
  for (size_t i = 0; i < members->groups_count; i++) {
    struct xpf_cgroup_group *group = members->groups[i];
    if (group->members > 0)
      group->left_ms = 0;
    else if (group->left_ms == 0)
      group->left_ms = now_ms;
    if (group->members == 0 && now_ms - group->left_ms > LINGER_MS)
      free_group(group);
    else
      members->groups[left++] = group;
  }
  members->groups_count = left;
}

void xpf_cgroup_members_look(struct xpf_cgroup_members *members, int64_t now_ms) {
  take_wanted(members);
  for (size_t i = 0; i < members->groups_count; i++)
    members->groups[i]->members = 0;
  for (size_t i = 0; i < members->count; i++) {
    struct xpf_cgroup_member *member = &members->list[i];
    if (member->looked_ms == 0 || now_ms - member->looked_ms >= LOOK_MS)
      look_at(members, member, now_ms);
    if (member->group)
      member->group->members++;
  }
  clean_up(members, now_ms);
}

static int index_of(const char *const *names, const char *name) {
  for (int i = 0; names && names[i]; i++)
    if (strcmp(names[i], name) == 0)
      return i;
  return -1;
}

static bool want(struct xpf_cgroup_members *members, pid_t pid) {
  if (members->wanted_count == members->wanted_room) {
    size_t room = members->wanted_room ? members->wanted_room * 2 : 64;
    pid_t *larger = realloc(members->wanted, room * sizeof *larger);
    if (!larger)
      return false;
    members->wanted = larger;
    members->wanted_room = room;
  }
  members->wanted[members->wanted_count++] = pid;
  return true;
}

void xpf_cgroup_members_exchange(struct xpf_cgroup_members *members, struct xpf_world *world) {
  const struct xpf_kind *kind = xpf_world_kind_named(world, "process");
  int pid_index = kind ? index_of(kind->labels, "pid") : -1;
  int info_index = kind ? index_of(kind->info, "cgroup") : -1;
  members->wanted_count = 0;
  if (pid_index < 0)
    return;
  for (struct xpf_entity *entity = xpf_world_first(world, kind); entity; entity = entity->next) {
    uint64_t pid;
    if (!xpf_proc_number(entity->labels[pid_index], &pid) || !want(members, (pid_t)pid))
      continue;
    const struct xpf_cgroup_member *member = find_member(members, (pid_t)pid);
    if (member && member->group && info_index >= 0)
      xpf_entity_set_info(entity, (unsigned)info_index, member->group->name);
  }
}
