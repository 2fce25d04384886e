/* One question to the target of an invocation. */
#ifndef XPF_CTL_ASK_H
#define XPF_CTL_ASK_H
#include <cjson/cJSON.h>
#include "command_table.h"
#include "verdict.h"
#include "wire/client.h"

/* Connects, asks, and prints the failure when there is one. 0 and *result (caller deletes), or an
 * exit status and NULL. take_params may be NULL. */
int xpf_ask(const struct xpf_invocation *invocation, const char *method, cJSON *take_params,
            cJSON **result);
#endif
