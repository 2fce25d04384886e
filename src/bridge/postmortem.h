/* The JS stack without V8's help: see xpf_bridge_stack_names. One for each bridge. */
#ifndef XPF_BRIDGE_POSTMORTEM_H
#define XPF_BRIDGE_POSTMORTEM_H

#include "bridge/layout.h"
#include "bridge/source_place.h"

constexpr uint32_t XPF_POSTMORTEM_FRAMES_MAX = 64;

struct xpf_postmortem {
  struct xpf_layout layout;
  uint64_t exit_slot; /* where V8 keeps the frame by which JS left for C++; 0: not found */
  /* Only for the handler: signal stacks may be small. */
  void *pcs[XPF_POSTMORTEM_FRAMES_MAX];
  struct xpf_source_scan scan;
};

struct xpf_bridge;
/* [js] Called by JS, directly or not. Never fails: what cannot be found gives no names later. */
void xpf_postmortem_open(struct xpf_bridge *b);

#endif
