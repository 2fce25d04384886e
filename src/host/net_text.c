#include "host/net_text.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "host/proc_file.h"
#include "host/proc_text.h"

#define COLUMNS_MAX 64

int xpf_net_device_parse(char *line, struct xpf_net_device *out) {
  char *colon = strrchr(line, ':'); /* behind it there are only numbers */
  char *at = line;
  if (!colon)
    return -EINVAL;
  *colon = '\0';
  out->name = xpf_proc_text_word(&at);
  if (!out->name)
    return -EINVAL;
  at = colon + 1;
  for (size_t i = 0; i < (size_t)2 * XPF_NET_DEVICE_COLUMNS; i++) {
    const char *word = xpf_proc_text_word(&at);
    uint64_t *value =
        i < XPF_NET_DEVICE_COLUMNS ? &out->receive[i] : &out->transmit[i - XPF_NET_DEVICE_COLUMNS];
    if (!word || !xpf_proc_number(word, value))
      return -EINVAL;
  }
  return 0;
}

/* "-1" is a number here: Tcp MaxConn. */
static int read_number(const char *word, double *out) {
  uint64_t number;
  if (!xpf_proc_number(word + (word[0] == '-'), &number))
    return -EINVAL;
  *out = word[0] == '-' ? -(double)number : (double)number;
  return 0;
}

/* The group that a line begins with, ended by a colon. */
static char *take_group(char **at) {
  char *group = xpf_proc_text_word(at);
  size_t size = group ? strlen(group) : 0;
  if (size < 2 || group[size - 1] != ':')
    return NULL;
  group[size - 1] = '\0';
  return group;
}

static bool is_same_group(const char *heading, const char *line) {
  size_t size = strcspn(heading, ": ");
  return size > 0 && heading[size] == ':' && strncmp(heading, line, size + 1) == 0;
}

static void read_pair(char *names, char *values, xpf_net_found found, void *arg) {
  const char *group = take_group(&names), *name, *word;
  double value;
  if (!group || !take_group(&values))
    return;
  while ((name = xpf_proc_text_word(&names)) && (word = xpf_proc_text_word(&values)))
    if (read_number(word, &value) == 0)
      found(arg, group, name, value);
}

void xpf_net_counters_each(char *text, xpf_net_found found, void *arg) {
  char *at = text, *heading = xpf_proc_text_line(&at), *line;
  while (heading && (line = xpf_proc_text_line(&at))) {
    bool is_pair = is_same_group(heading, line);
    if (is_pair)
      read_pair(heading, line, found, arg);
    heading = is_pair ? xpf_proc_text_line(&at) : line;
  }
}

void xpf_net_pairs_each(char *text, xpf_net_found found, void *arg) {
  char *at = text;
  for (char *line; (line = xpf_proc_text_line(&at));) {
    char *pairs = line, *name, *word;
    char *colon = strchr(line, ':');
    const char *group = colon ? take_group(&pairs) : "";
    while (group && (name = xpf_proc_text_word(&pairs)) && (word = xpf_proc_text_word(&pairs))) {
      double value;
      if (read_number(word, &value) == 0)
        found(arg, group, name, value);
    }
  }
}

void xpf_net_columns_each(char *text, xpf_net_found found, void *arg) {
  char *names[COLUMNS_MAX], *at = text, *line = xpf_proc_text_line(&at);
  double sums[COLUMNS_MAX] = {0};
  size_t count = 0, least = COLUMNS_MAX;
  while (line && count < COLUMNS_MAX && (names[count] = xpf_proc_text_word(&line)))
    count++;
  while ((line = xpf_proc_text_line(&at))) {
    char *word, *end;
    size_t i = 0;
    for (; i < count && (word = xpf_proc_text_word(&line)); i++) {
      sums[i] += (double)strtoull(word, &end, 16);
      if (*end != '\0' || end == word)
        break;
    }
    if (i < least)
      least = i;
  }
  for (size_t i = 0; i < count && i < least && least < COLUMNS_MAX; i++)
    found(arg, "", names[i], sums[i]);
}

int xpf_net_softnet_parse(const char *line, struct xpf_net_softnet *out) {
  uint64_t columns[16];
  size_t count = 0;
  char *end;
  for (; count < 16 && *line; count++) {
    columns[count] = strtoull(line, &end, 16);
    if (end == line)
      break;
    line = end;
  }
  if (count < 3 || line[strspn(line, " \t")] != '\0')
    return -EINVAL;
  *out = (struct xpf_net_softnet){
      .cpu = count > 12 && columns[12] <= INT32_MAX ? (int)columns[12] : -1,
      .processed = columns[0],
      .dropped = columns[1],
      .squeezed = columns[2],
      .received_rps = count > 9 ? columns[9] : 0,
      .flow_limit = count > 10 ? columns[10] : 0,
      .backlog = count > 11 ? (size_t)columns[11] : SIZE_MAX,
  };
  return 0;
}
