#include "timestamp.h"
#include <stdio.h>
#include <time.h>

char *xpf_timestamp_utc(char out[XPF_TIMESTAMP_BYTES]) {
  struct timespec now;
  struct tm parts;
  char date[24];
  clock_gettime(CLOCK_REALTIME, &now);
  gmtime_r(&now.tv_sec, &parts);
  strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts);
  snprintf(out, XPF_TIMESTAMP_BYTES, "%s.%03dZ", date, (int)(now.tv_nsec / 1000000));
  return out;
}

char *xpf_timestamp_clock(char out[XPF_TIMESTAMP_BYTES]) {
  time_t now = time(NULL);
  struct tm parts;
  localtime_r(&now, &parts);
  strftime(out, XPF_TIMESTAMP_BYTES, "%H:%M:%S", &parts);
  return out;
}
