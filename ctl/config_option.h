/* Configuration keys as options of set_config: `--log_level 2`, `--enable_x`, `--disable_x`. The
 * keys, ranges and meanings are those of core/config.h. */
#ifndef XPF_CTL_CONFIG_OPTION_H
#define XPF_CTL_CONFIG_OPTION_H
#include <stdbool.h>
#include <stdio.h>
#include <cjson/cJSON.h>
#include "suggest.h"

struct xpf_config_option; /* one key */

/* NULL when `name` (without dashes in front, name_size bytes) is no key. *negated: it was
 * `disable_…`. */
const struct xpf_config_option *xpf_config_option_find(const char *name, size_t name_size,
                                                       bool *negated);
bool xpf_config_option_takes_value(const struct xpf_config_option *option);
/* Adds the key to *config (made when NULL). value is NULL for a bare flag. 0, or negative with a
 * sentence. */
int xpf_config_option_set(const struct xpf_config_option *option, bool negated, const char *value,
                          cJSON **config, char *message, size_t message_size);
void xpf_config_option_suggest(struct xpf_suggest *suggest);
/* Calls fn for every name that set_config takes: "log_level", "enable_x", "disable_x". */
void xpf_config_option_each(void (*fn)(void *arg, const char *name, const char *what), void *arg);
/* Calls fn for the few values that a key can have; not at all when they are many. */
void xpf_config_option_values(const struct xpf_config_option *option,
                              void (*fn)(void *arg, const char *value, const char *what),
                              void *arg);
/* The lines of `help set_config`. */
void xpf_config_option_help(FILE *out);
#endif
