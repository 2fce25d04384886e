/* What LEP's daemon answered, byte for byte: JSON with tabs, one text as the result, and behind the
 * text the marker at which its clients stop reading. They take it only when the marker and all that
 * follows arrive in one read of 2,048 bytes, so blanks before the text put it there. Pure. */
#ifndef XPF_DAEMON_RPC_LEP_H
#define XPF_DAEMON_RPC_LEP_H
#include <cjson/cJSON.h>
#include "wire/request.h"

#define XPF_LEP_READ_BYTES 2048

/* The whole answer, ended by a newline; free it. NULL: no memory. id may be NULL. */
char *xpf_lep_result(const cJSON *id, const char *text);
/* An error carries the marker too, in its message: a client that never sees it waits for ever. */
char *xpf_lep_error(const cJSON *id, const struct xpf_fault *fault);
#endif
