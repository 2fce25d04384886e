/* The language xprofctl speaks: Chinese when the locale is, else English. Chosen once at the start,
 * then read only. No setlocale: it would cost more than the rest of the program. */
#ifndef XPF_CTL_TEXT_H
#define XPF_CTL_TEXT_H
#include <stdbool.h>
#include "text_list.h"

enum xpf_text_id {
#define XPF_TEXT_ENUM(id, en, zh) XPF_TEXT_##id,
  XPF_TEXTS(XPF_TEXT_ENUM)
#undef XPF_TEXT_ENUM
      XPF_TEXT_COUNT
};

/* Looks at LC_ALL, LC_MESSAGES and LANG, in this order; the first that is not empty decides. */
void xpf_text_choose(void);
void xpf_text_set_chinese(bool chinese);
bool xpf_text_is_chinese(void);

const char *xpf_text(enum xpf_text_id id);
const char *xpf_text_in(enum xpf_text_id id, bool chinese);
/* One of two, for tables that hold both. */
const char *xpf_text_pick(const char *en, const char *zh);
#endif
