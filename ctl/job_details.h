/* The figures of a written file, on one line. */
#ifndef XPF_CTL_JOB_DETAILS_H
#define XPF_CTL_JOB_DETAILS_H
#include <stdio.h>
#include <cjson/cJSON.h>

/* "  size: 96.6 KiB, samples: 1135, …", and what ended it early. result: protocol.md, Jobs. */
void xpf_job_details_print(FILE *out, const cJSON *result);
#endif
