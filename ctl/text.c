#include "text.h"
#include <stdlib.h>
#include <string.h>

static bool is_chinese;

static const struct {
  const char *en, *zh;
} texts[] = {
#define XPF_TEXT_ROW(id, en, zh) {en, zh},
    XPF_TEXTS(XPF_TEXT_ROW)
#undef XPF_TEXT_ROW
};

void xpf_text_choose(void) {
  static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};

  is_chinese = false;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const char *value = getenv(names[i]);
    if (value != NULL && *value != '\0') {
      is_chinese = strncmp(value, "zh", 2) == 0;
      return;
    }
  }
}

void xpf_text_set_chinese(bool chinese) {
  is_chinese = chinese;
}

bool xpf_text_is_chinese(void) {
  return is_chinese;
}

const char *xpf_text_in(enum xpf_text_id id, bool chinese) {
  return chinese ? texts[id].zh : texts[id].en;
}

const char *xpf_text(enum xpf_text_id id) {
  return xpf_text_in(id, is_chinese);
}

const char *xpf_text_pick(const char *en, const char *zh) {
  return is_chinese ? zh : en;
}
