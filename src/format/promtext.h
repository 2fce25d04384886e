/* Lines of Prometheus' text format (0.0.4 and OpenMetrics 1.0), as programs print them. Pure. */
#ifndef XPF_FORMAT_PROMTEXT_H
#define XPF_FORMAT_PROMTEXT_H
#include <stddef.h>

#define XPF_PROMTEXT_LABELS_MAX 16

enum xpf_promtext_kind {
  XPF_PROMTEXT_NOTHING, /* blank, or a comment */
  XPF_PROMTEXT_HELP,    /* name, text */
  XPF_PROMTEXT_TYPE,    /* name, text: "counter" */
  XPF_PROMTEXT_UNIT,    /* name, text: "seconds" */
  XPF_PROMTEXT_END,     /* "# EOF" */
  XPF_PROMTEXT_SAMPLE,  /* name, labels, value */
};

struct xpf_promtext_label {
  char *name, *value;
};

struct xpf_promtext {
  enum xpf_promtext_kind kind;
  char *name, *text;
  struct xpf_promtext_label labels[XPF_PROMTEXT_LABELS_MAX];
  size_t labels_count;
  double value; /* NaN and infinities may be */
};

/* Takes the line (terminated, without newline) apart: it is changed, and what is found points into
 * it. A time behind the value is read and dropped, so is an exemplar. 0; or -1, and *wrong says
 * what is not right, such as "has a label name that is none". */
int xpf_promtext_parse(struct xpf_promtext *out, char *line, const char **wrong);
#endif
