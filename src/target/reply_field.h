/* Members of a reply, with a fallback when they are absent or of another type. Pure. */
#ifndef XPF_TARGET_REPLY_FIELD_H
#define XPF_TARGET_REPLY_FIELD_H
#include <cjson/cJSON.h>

double xpf_reply_field_number(const cJSON *object, const char *name, double fallback);
/* Borrowed from the object. */
const char *xpf_reply_field_text(const cJSON *object, const char *name, const char *fallback);
#endif
