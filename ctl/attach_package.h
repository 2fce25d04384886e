/* Whether the package can be loaded by a target: found, seen and readable there, with a binary that
 * fits its Node. */
#ifndef XPF_CTL_ATTACH_PACKAGE_H
#define XPF_CTL_ATTACH_PACKAGE_H
#include <sys/types.h>
#include "target/node_binary.h"
#include "verdict.h"

/* Writes the directory of the package as process pid sees it. `wanted`: --package or NULL; euid:
 * the user of the target. 0, or an exit status and *verdict. */
int xpf_attach_package_find(pid_t pid, uid_t euid, const char *wanted,
                            const struct xpf_node_binary *node, char *path, size_t size,
                            struct xpf_verdict *verdict);
#endif
