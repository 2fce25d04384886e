/* Which of the JSON formats a file is, from its first bytes: by its keys at the top. Pure. [any] */
#ifndef XPF_FORMAT_JSON_DETECT_H
#define XPF_FORMAT_JSON_DETECT_H
#include <stdbool.h>
#include <stddef.h>
bool xpf_json_is_cpuprofile(const unsigned char *head, size_t size);
bool xpf_json_is_heapprofile(const unsigned char *head, size_t size);
bool xpf_json_is_gcprofile(const unsigned char *head, size_t size);
#endif
