/* The nearest word to a mistyped one. Pure. */
#ifndef XPF_CTL_SUGGEST_H
#define XPF_CTL_SUGGEST_H

struct xpf_suggest {
  const char *word; /* what was typed */
  const char *best; /* the nearest candidate so far, or NULL */
  unsigned distance;
};

void xpf_suggest_init(struct xpf_suggest *suggest, const char *word);
/* Offers a candidate; '-' and '_' are the same. It must outlive the search. */
void xpf_suggest_offer(struct xpf_suggest *suggest, const char *candidate);
/* The best candidate when it is near enough to be meant, else NULL. */
const char *xpf_suggest_result(const struct xpf_suggest *suggest);
#endif
