#include "wire/reply.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/utf8.h"

/* cJSON prints whole numbers from 1e15 on with an exponent, which readers of byte counts and ids do
 * not expect; from 1e21 on everybody does (JavaScript too). */
#define PLAIN_FROM  1e15
#define PLAIN_BELOW 1e21
/* From 2^53 on a double has no fraction. */
#define ALWAYS_WHOLE 9007199254740992.0

/* Turns the number into raw text that cJSON prints as it is. */
static bool make_raw(cJSON *number) {
  if (number->valuestring == NULL) { /* else the text of an id as the peer wrote it */
    char text[32];
    snprintf(text, sizeof text, "%.0f", number->valuedouble);
    number->valuestring = strdup(text);
    if (number->valuestring == NULL)
      return false;
  }
  number->type = (number->type & ~0xff) | cJSON_Raw;
  return true;
}

static bool needs_raw(const cJSON *item) {
  if (!cJSON_IsNumber(item))
    return false;
  if (item->valuestring != NULL)
    return true;
  double size = fabs(item->valuedouble);
  if (!(size >= PLAIN_FROM && size < PLAIN_BELOW))
    return false;
  return size >= ALWAYS_WHOLE || size == (double)(long long)size;
}

/* References belong to somebody else and stay untouched. */
static bool make_plain(cJSON *item) {
  if (item->type & cJSON_IsReference)
    return true;
  if (needs_raw(item))
    return make_raw(item);
  for (cJSON *child = item->child; child != NULL; child = child->next)
    if (!make_plain(child))
      return false;
  return true;
}

/* How many bytes of the text cannot be UTF-8. */
static size_t count_malformed(const char *text, size_t size) {
  size_t count = 0;
  for (size_t at = 0; (at += xpf_utf8_check(text + at, size - at)) < size; at++)
    count++;
  return count;
}

/* The text as a line of its own. Paths and titles are bytes to the system, so a byte that is not
 * UTF-8 becomes U+FFFD here; in JSON it can only stand inside a string. */
static char *line_of(const char *text) {
  static const char replacement[] = "\xef\xbf\xbd";
  size_t size = strlen(text);
  char *line = malloc(size + 2 * count_malformed(text, size) + 2);
  if (line == NULL)
    return NULL;
  char *to = line;
  for (size_t at = 0; at < size; at++) {
    size_t good = xpf_utf8_check(text + at, size - at);
    memcpy(to, text + at, good);
    to += good;
    at += good;
    if (at < size) {
      memcpy(to, replacement, sizeof replacement - 1);
      to += sizeof replacement - 1;
    }
  }
  memcpy(to, "\n", 2);
  return line;
}

/* Deletes root, which may be NULL, and prints it when it is whole. */
static char *print_line(cJSON *root, bool whole) {
  char *line = NULL;
  char *text = whole && make_plain(root) ? cJSON_PrintUnformatted(root) : NULL;
  if (text != NULL)
    line = line_of(text);
  cJSON_free(text);
  cJSON_Delete(root);
  return line;
}

/* Adds the item, or deletes it; either may be NULL, the want of memory that is reported here. */
static bool add(cJSON *object, const char *name, cJSON *take_item) {
  if (object != NULL && take_item != NULL && cJSON_AddItemToObject(object, name, take_item))
    return true;
  cJSON_Delete(take_item);
  return false;
}

static cJSON *new_message(void) {
  cJSON *root = cJSON_CreateObject();
  if (add(root, "jsonrpc", cJSON_CreateString("2.0")))
    return root;
  cJSON_Delete(root);
  return NULL;
}

static bool add_id(cJSON *root, const cJSON *id) {
  return add(root, "id", id ? cJSON_Duplicate(id, true) : cJSON_CreateNull());
}

char *xpf_reply_result(const cJSON *id, cJSON *take_result) {
  cJSON *root = new_message();
  bool good = add_id(root, id);
  good = add(root, "result", take_result ? take_result : cJSON_CreateObject()) && good;
  return print_line(root, good);
}

char *xpf_reply_error(const cJSON *id, const struct xpf_fault *fault, cJSON *take_data) {
  cJSON *data = take_data;
  cJSON *error = cJSON_CreateObject();
  bool good = add(error, "code", cJSON_CreateNumber(fault->code));
  good = add(error, "message", cJSON_CreateString(fault->message)) && good;
  if (fault->field[0] != '\0') {
    if (data == NULL)
      data = cJSON_CreateObject();
    if (!cJSON_HasObjectItem(data, "field"))
      good = add(data, "field", cJSON_CreateString(fault->field)) && good;
  }
  if (data != NULL)
    good = add(error, "data", data) && good;
  cJSON *root = new_message();
  good = add_id(root, id) && good;
  good = add(root, "error", error) && good;
  return print_line(root, good);
}

/* With the method and params; root may be NULL (then out of memory), and all passes to the call. */
static char *print_call(cJSON *root, const char *method, cJSON *take_params) {
  bool good = add(root, "method", cJSON_CreateString(method));
  if (take_params != NULL)
    good = add(root, "params", take_params) && good;
  return print_line(root, good);
}

char *xpf_notification(const char *method, cJSON *take_params) {
  return print_call(new_message(), method, take_params);
}

char *xpf_request_line(long long id, const char *method, cJSON *take_params) {
  cJSON *root = new_message();
  if (!add(root, "id", cJSON_CreateNumber((double)id))) {
    cJSON_Delete(root);
    root = NULL;
  }
  return print_call(root, method, take_params);
}
