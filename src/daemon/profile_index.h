/* The small JSON file beside each profile: what it is of. Reading happens once at the start;
 * writing and removing on libuv's pool, whose outcome nobody waits for. */
#ifndef XPF_DAEMON_PROFILE_INDEX_H
#define XPF_DAEMON_PROFILE_INDEX_H
#include <uv.h>
#include <cjson/cJSON.h>
#include "daemon/profiles.h"

/* Gives every profile that is described in dir (the caller's from then on), and removes files of
 * ours that nothing describes and those that were converted. Files that are not named like ours
 * stay. 0 or -errno. */
int xpf_profile_index_read(const char *dir, void (*found)(void *arg, struct xpf_take *take),
                           void *arg);
void xpf_profile_index_write(uv_loop_t *loop, const char *dir, const char *id, const cJSON *json);
/* Removes all files of that id. */
void xpf_profile_index_remove(uv_loop_t *loop, const char *dir, const char *id);
#endif
