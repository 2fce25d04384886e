/* Where the inspector of a Node process listens or would listen, by the words it was started with.
 * Pure. */
#ifndef XPF_CTL_INSPECT_OPTIONS_H
#define XPF_CTL_INSPECT_OPTIONS_H
#include <stdbool.h>
#include <stddef.h>

#define XPF_INSPECT_PORT 9229

struct xpf_inspect_options {
  unsigned port;    /* XPF_INSPECT_PORT unless told; 0 = any free one */
  bool is_hidden;   /* --inspect-publish-uid without http: nobody can ask for its id */
  bool is_waiting;  /* --inspect-brk, --inspect-wait: begins when a debugger says so */
  bool is_disabled; /* --disable-sigusr1 */
  bool has_permission, allows_addons; /* --permission, --allow-addons */
  bool has_no_addons;                 /* --no-addons */
};

void xpf_inspect_options_init(struct xpf_inspect_options *options);
/* Adds what the words of a command line say, each ended by NUL; the last word wins. */
void xpf_inspect_options_words(struct xpf_inspect_options *options, const char *words, size_t size);
/* Adds what NODE_OPTIONS says, among the variables of an environment, each ended by NUL. */
void xpf_inspect_options_environment(struct xpf_inspect_options *options, const char *variables,
                                     size_t size);
#endif
