/* The settings of xprofd from command line, environment and configuration file (setting_list.h).
 * Nothing is printed and nothing exits here. One thread. */
#ifndef XPF_DAEMON_SETTINGS_H
#define XPF_DAEMON_SETTINGS_H
#include <stdbool.h>
#include <stddef.h>
#include "daemon/setting_list.h"

enum xpf_setting_kind { XPF_SETTING_TEXT, XPF_SETTING_NUMBER };
enum xpf_setting_id {
#define XPF_SETTING_ENUM(id, ...) XPF_SETTING_##id,
  XPF_SETTINGS(XPF_SETTING_ENUM)
#undef XPF_SETTING_ENUM
      XPF_SETTING_COUNT
};

struct xpf_setting {
  const char *name;
  enum xpf_setting_kind kind;
  const char *standard; /* the default */
  double min, max;
  const char *value, *help;
};
extern const struct xpf_setting xpf_setting_table[XPF_SETTING_COUNT];

enum xpf_setting_origin {
  XPF_ORIGIN_DEFAULT,
  XPF_ORIGIN_FILE,
  XPF_ORIGIN_ENVIRONMENT,
  XPF_ORIGIN_ARGUMENT
};
struct xpf_settings {
  char *text[XPF_SETTING_COUNT];
  double number[XPF_SETTING_COUNT];
  enum xpf_setting_origin origin[XPF_SETTING_COUNT];
  bool wants_help, wants_version, wants_check, wants_fields, wants_manual, wants_sample;
};

/* Fills in defaults, then the file (--config FILE, XPROFD_CONFIG), the environment (envp, as of
 * main) and the arguments (without the program's name). 0, or negative with a sentence in why that
 * names the setting, where it stands and what would be right. Call _free in both cases. */
int xpf_settings_read(struct xpf_settings *out, int argc, char *const *argv, char *const *envp,
                      char *why, size_t why_size);
/* The text of a configuration file; name is for messages. Pure; fuzzed. */
int xpf_settings_parse_file(struct xpf_settings *settings, const char *text, size_t size,
                            const char *name, char *why, size_t why_size);
void xpf_settings_free(struct xpf_settings *settings);
const char *xpf_settings_text(const struct xpf_settings *settings, enum xpf_setting_id id);
#endif
