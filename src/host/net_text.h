/* The texts of /proc/net that hold counters: devices, protocols by header name, sockets. Pure; they
 * cut the text into pieces. [any] */
#ifndef XPF_HOST_NET_TEXT_H
#define XPF_HOST_NET_TEXT_H
#include <stddef.h>
#include <stdint.h>

/* Columns of /proc/net/dev, each side in the order of the file. */
#define XPF_NET_DEVICE_COLUMNS 8
struct xpf_net_device {
  char *name; /* within the line */
  uint64_t receive[XPF_NET_DEVICE_COLUMNS], transmit[XPF_NET_DEVICE_COLUMNS];
};
/* One line of /proc/net/dev; -EINVAL for a heading and what is no device. */
int xpf_net_device_parse(char *line, struct xpf_net_device *out);

/* Called for each number; group and name are valid during the call. */
typedef void (*xpf_net_found)(void *arg, const char *group, const char *name, double value);
/* snmp and netstat: "Tcp: RtoMin InSegs" and below it "Tcp: 200 77". A column without a name or a
 * name without a number is left out, and so are two lines that do not belong together. */
void xpf_net_counters_each(char *text, xpf_net_found found, void *arg);
/* sockstat: "TCP: inuse 9 orphan 0"; snmp6 ("Ip6InReceives 7") has "" as group. */
void xpf_net_pairs_each(char *text, xpf_net_found found, void *arg);
/* A heading of names, then lines of hexadecimal numbers, one for each CPU: found is called with the
 * sums. For /proc/net/stat/nf_conntrack; group is "". */
void xpf_net_columns_each(char *text, xpf_net_found found, void *arg);

/* A line of softnet_stat. cpu: -1 when the kernel does not say (before 5.10); backlog: the packets
 * that wait (SIZE_MAX: not told). */
struct xpf_net_softnet {
  int cpu;
  uint64_t processed, dropped, squeezed, received_rps, flow_limit;
  size_t backlog;
};
/* 0 or -EINVAL. */
int xpf_net_softnet_parse(const char *line, struct xpf_net_softnet *out);
#endif
