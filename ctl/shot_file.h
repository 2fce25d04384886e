/* The file of one finished shot: read for its summary, converted and moved where it is wanted. */
#ifndef XPF_CTL_SHOT_FILE_H
#define XPF_CTL_SHOT_FILE_H
#include <cjson/cJSON.h>
#include "shot.h"
#include "shot_output.h"

#define XPF_SHOT_PATH 4096

struct xpf_shot_file {
  char path[XPF_SHOT_PATH]; /* where it is now, as seen from here; "-" is standard output */
  const char *format;       /* its name: "cpuprofile", "html" */
  double bytes;             /* of path */
  char
      original[XPF_SHOT_PATH]; /* the target's own file when that is another one and stays, or "" */
  char page[XPF_SHOT_PATH];    /* with --open: what to show; "" when it could not be made */
  cJSON *summary;              /* or NULL */
  char note[256];              /* then: why not */
};

/* The shot has a result. 0, or an exit status and *verdict; then the file stays where the target
 * wrote it. Free in both cases. */
int xpf_shot_file_take(struct xpf_shot_file *out, const struct xpf_shot_output *output,
                       const struct xpf_shot_kind *kind, const struct xpf_shot *shot,
                       struct xpf_verdict *verdict);
void xpf_shot_file_free(struct xpf_shot_file *file);
#endif
