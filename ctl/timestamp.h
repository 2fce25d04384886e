/* The present moment as text. */
#ifndef XPF_CTL_TIMESTAMP_H
#define XPF_CTL_TIMESTAMP_H

#define XPF_TIMESTAMP_BYTES 40
/* "2026-01-02T03:04:05.678Z". Both return out. */
char *xpf_timestamp_utc(char out[XPF_TIMESTAMP_BYTES]);
/* "03:04:05", local. */
char *xpf_timestamp_clock(char out[XPF_TIMESTAMP_BYTES]);
#endif
