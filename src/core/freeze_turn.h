/* One at a time looks at the threads of this process: two reports, or a report and a core, take
 * turns. [any] */
#ifndef XPF_CORE_FREEZE_TURN_H
#define XPF_CORE_FREEZE_TURN_H

void xpf_freeze_turn_take(void);
void xpf_freeze_turn_give(void);
#endif
