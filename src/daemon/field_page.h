/* Everything that xprofd collects, as tables of Markdown (docs/xprofd-host.md). */
#ifndef XPF_DAEMON_FIELD_PAGE_H
#define XPF_DAEMON_FIELD_PAGE_H
#include <stdio.h>

void xpf_field_page_print(FILE *out); /* [loop] */
#endif
