/* The JS stack without V8's help: see xpf_bridge_stack_names. One for each bridge. */
#ifndef XPF_BRIDGE_POSTMORTEM_H
#define XPF_BRIDGE_POSTMORTEM_H

#include "bridge/source_place.h"

constexpr uint32_t XPF_POSTMORTEM_FRAMES_MAX = 64;

/* Only for the handler: signal stacks may be small. */
struct xpf_postmortem {
  void *pcs[XPF_POSTMORTEM_FRAMES_MAX];
  struct xpf_source_scan scan;
};

#endif
