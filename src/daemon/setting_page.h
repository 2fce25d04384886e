/* The settings as a person reads them: --help, the manual page, a configuration file to begin with.
 */
#ifndef XPF_DAEMON_SETTING_PAGE_H
#define XPF_DAEMON_SETTING_PAGE_H
#include <stdio.h>

void xpf_setting_page_help(FILE *out);
/* xprofd(8): roff with the man macros. */
void xpf_setting_page_manual(FILE *out);
/* Every setting, commented out: with its default, or with what kind of value it takes. */
void xpf_setting_page_sample(FILE *out);
#endif
