// links: src/daemon/settings.c -lm
/* Any bytes as a configuration file of xprofd: every setting keeps a value within its range, or the
 * file is refused with a sentence that names it. */
#include "daemon/settings.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct xpf_settings settings;
  char why[1024] = "";
  char *const none[] = {NULL};
  require(xpf_settings_read(&settings, 0, NULL, none, why, sizeof why) == 0);
  char *text = fuzz_text(data, size);
  why[0] = '\0';
  int error = xpf_settings_parse_file(&settings, text, size, "a.conf", why, sizeof why);
  require(error == 0 || (error < 0 && strncmp(why, "a.conf", 6) == 0));
  for (int id = 0; id < XPF_SETTING_COUNT; id++) {
    const struct xpf_setting *setting = &xpf_setting_table[id];
    require(xpf_settings_text(&settings, (enum xpf_setting_id)id) != NULL);
    require(setting->kind != XPF_SETTING_NUMBER ||
            (settings.number[id] >= setting->min && settings.number[id] <= setting->max));
  }
  free(text);
  xpf_settings_free(&settings);
  return 0;
}
