/* The HTTP requests seen during one CPU profile, as the lines that go into its httpDetail:
 * offset,url,method,sent,status,rt. [js] while collected, then whoever owns it. Bounded. */
#ifndef XPF_CORE_HTTP_DETAILS_H
#define XPF_CORE_HTTP_DETAILS_H
#include <stdbool.h>
#include <stdint.h>

#define XPF_HTTP_DETAILS_MAX 50000
#define XPF_HTTP_URL_MAX     1024

struct xpf_http_details {
  char **lines;
  uint32_t count, capacity;
  uint64_t dropped;
  uint64_t origin_ms; /* wall clock, the whole second in which the profile began */
};

void xpf_http_details_init(struct xpf_http_details *details);
void xpf_http_details_add(struct xpf_http_details *details, const char *url, const char *method,
                          bool sent, unsigned status, unsigned duration_ms);
void xpf_http_details_free(struct xpf_http_details *details);
#endif
