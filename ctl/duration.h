/* Times as people type them: "500ms", "10s", "2m", "1.5h", "1d". Pure. */
#ifndef XPF_CTL_DURATION_H
#define XPF_CTL_DURATION_H

/* A whole number without a unit counts milliseconds. 0 and *ms, a whole number; or -EINVAL when it
 * is no time. */
int xpf_duration_parse(const char *text, double *ms);
#endif
