#include "addon.h"

#include <stdlib.h>
#include <string.h>

static uint64_t hash_bytes(uint64_t hash, const void *data, size_t size) {
  const unsigned char *byte = data;
  for (size_t i = 0; i < size; i++)
    hash = (hash ^ byte[i]) * 1099511628211u;
  return hash;
}

static uint64_t hash_number(uint64_t hash, uint64_t value) {
  return hash_bytes(hash, &value, sizeof value);
}

static uint64_t hash_text(uint64_t hash, const struct xpf_profile *p, uint32_t index) {
  const char *text = xpf_profile_string(p, index);
  return hash_bytes(hash, text, strlen(text) + 1);
}

/* 0 for a profile that breaks its own rules. */
static uint64_t profile_hash(const struct xpf_profile *p) {
  uint64_t hash = 14695981039346656037u;
  for (uint32_t i = 0; i < p->nodes_count; i++) {
    const struct xpf_profile_node *n = &p->nodes[i];
    if (i == 0 ? n->parent != XPF_NO_PARENT : n->parent >= i)
      return 0;
    hash = hash_number(hash, (uint64_t)n->id << 32 | n->parent);
    hash = hash_number(hash, (uint64_t)n->self[XPF_CPU_SAMPLES] << 32 | (uint32_t)n->line);
    hash = hash_text(hash_text(hash, p, n->function_name), p, n->url);
    hash = hash_text(hash, p, n->bailout_reason);
  }
  for (uint32_t i = 0; i < p->ticks_count; i++)
    hash = hash_number(hash, (uint64_t)p->ticks[i].line << 32 | p->ticks[i].ticks);
  for (uint32_t i = 0; i < p->samples_count; i++)
    hash = hash_number(hash_number(hash, p->nodes[p->samples[i].node].id),
                       (uint64_t)p->samples[i].at_us);
  return hash;
}

static napi_value start(napi_env napi, napi_callback_info info) {
  struct call c;
  call_open(&c, napi, info);
  int handle = free_handle((void *const *)c.env->cpus);
  struct xpf_cpu_options options = {(uint32_t)c.number[0], (uint32_t)c.number[1]};
  int error = xpf_bridge_cpu_start(c.env->bridge, &options, &c.env->cpus[handle]);
  return make_number(napi, error != 0 ? error : handle);
}

static napi_value prepare(napi_env napi, napi_callback_info info) {
  struct call c;
  call_open(&c, napi, info);
  return make_number(napi, xpf_bridge_cpu_prepare(c.env->bridge));
}

static napi_value stop(napi_env napi, napi_callback_info info) {
  struct call c;
  call_open(&c, napi, info);
  return make_number(napi, xpf_bridge_cpu_stop(c.env->cpus[(int)c.number[0]]));
}

static int gap_compare(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

/* The quarter quantile of the distances of samples, without the samples that V8 adds in between. */
static double profile_gap_us(const struct xpf_profile *p) {
  int64_t *gaps = calloc(p->samples_count + 1, sizeof *gaps);
  uint32_t count = 0;
  for (uint32_t i = 1; i < p->samples_count; i++) {
    int64_t gap = p->samples[i].at_us - p->samples[i - 1].at_us;
    if (gap > 100)
      gaps[count++] = gap;
  }
  qsort(gaps, count, sizeof *gaps, gap_compare);
  double gap = count != 0 ? (double)gaps[count / 4] : 0;
  free(gaps);
  return gap;
}

static napi_value profile_object(napi_env napi, const struct xpf_profile *p) {
  napi_value object, nodes, hash;
  napi_create_object(napi, &object);
  napi_create_array(napi, &nodes);
  for (uint32_t i = 0; i < p->nodes_count; i++) {
    const struct xpf_profile_node *n = &p->nodes[i];
    napi_value node;
    napi_create_object(napi, &node);
    set_text(napi, node, "name", xpf_profile_string(p, n->function_name));
    set_text(napi, node, "url", xpf_profile_string(p, n->url));
    set_text(napi, node, "bailout", xpf_profile_string(p, n->bailout_reason));
    set_number(napi, node, "line", n->line);
    set_number(napi, node, "hits", (double)n->self[XPF_CPU_SAMPLES]);
    set_number(napi, node, "ticks", n->ticks_count);
    set_number(napi, node, "parent", n->parent == XPF_NO_PARENT ? -1 : (double)n->parent);
    set_number(napi, node, "bytes", (double)n->self[XPF_HEAP_SPACE]);
    napi_set_element(napi, nodes, i, node);
  }
  napi_set_named_property(napi, object, "nodes", nodes);
  napi_create_bigint_uint64(napi, profile_hash(p), &hash);
  napi_set_named_property(napi, object, "hash", hash);
  set_number(napi, object, "samples", p->samples_count);
  set_number(napi, object, "duration_us", (double)(p->end_us - p->start_us));
  set_number(napi, object, "gap_us", profile_gap_us(p));
  set_number(napi, object, "interval_bytes", (double)p->period);
  return object;
}

static napi_value read_here(napi_env napi, napi_callback_info info) {
  struct call c;
  call_open(&c, napi, info);
  struct xpf_profile *profile = NULL;
  int error = xpf_bridge_cpu_read(c.env->cpus[(int)c.number[0]], &profile);
  if (error != 0)
    return make_number(napi, error);
  napi_value object = profile_object(napi, profile);
  xpf_profile_free(profile);
  return object;
}

static napi_value free_here(napi_env napi, napi_callback_info info) {
  struct call c;
  call_open(&c, napi, info);
  xpf_bridge_cpu_free(c.env->cpus[(int)c.number[0]]);
  c.env->cpus[(int)c.number[0]] = NULL;
  return NULL;
}

/* ---- off the JS thread --------------------------------------------------------------------- */

struct reader {
  pthread_t thread;
  struct xpf_cpu *cpu;
  int reads, bad;
  uint64_t hash;
};

static void *reader_main(void *data) {
  struct reader *r = data;
  for (int i = 0; i < r->reads; i++) {
    struct xpf_profile *profile = NULL;
    if (xpf_bridge_cpu_read(r->cpu, &profile) != 0) {
      r->bad++;
      continue;
    }
    uint64_t hash = profile_hash(profile);
    if (hash == 0 || (i > 0 && hash != r->hash))
      r->bad++;
    r->hash = hash;
    xpf_profile_free(profile);
  }
  xpf_bridge_cpu_free(r->cpu);
  return NULL;
}

/* read_off(handle, reads) -> reader; the handle is gone. */
static napi_value read_off(napi_env napi, napi_callback_info info) {
  struct call c;
  call_open(&c, napi, info);
  struct reader *r = calloc(1, sizeof *r);
  napi_value result;
  r->cpu = c.env->cpus[(int)c.number[0]];
  r->reads = (int)c.number[1];
  c.env->cpus[(int)c.number[0]] = NULL;
  pthread_create(&r->thread, NULL, reader_main, r);
  napi_create_external(napi, r, NULL, NULL, &result);
  return result;
}

static napi_value read_join(napi_env napi, napi_callback_info info) {
  struct call c;
  call_open(&c, napi, info);
  struct reader *r = NULL;
  napi_value object, hash;
  napi_get_value_external(napi, c.argv[0], (void **)&r);
  pthread_join(r->thread, NULL);
  napi_create_object(napi, &object);
  set_number(napi, object, "bad", r->bad);
  napi_create_bigint_uint64(napi, r->hash, &hash);
  napi_set_named_property(napi, object, "hash", hash);
  free(r);
  return object;
}

static napi_value heap_start(napi_env napi, napi_callback_info info) {
  struct call c;
  call_open(&c, napi, info);
  struct xpf_heap_sampling_options options = {(uint64_t)c.number[0], (uint32_t)c.number[1],
                                              c.number[2] != 0, c.number[3] != 0};
  return make_number(napi, xpf_bridge_heap_sampling_start(c.env->bridge, &options));
}

static napi_value heap_read(napi_env napi, napi_callback_info info) {
  struct call c;
  call_open(&c, napi, info);
  struct xpf_profile *profile = NULL;
  int error = xpf_bridge_heap_sampling_read(c.env->bridge, &profile);
  if (error != 0)
    return make_number(napi, error);
  napi_value object = profile_object(napi, profile);
  xpf_profile_free(profile);
  return object;
}

static napi_value heap_stop(napi_env napi, napi_callback_info info) {
  struct call c;
  call_open(&c, napi, info);
  xpf_bridge_heap_sampling_stop(c.env->bridge);
  return NULL;
}

void cpu_close(struct env *env) {
  for (int i = 0; i < HANDLES_MAX; i++)
    xpf_bridge_cpu_free(env->cpus[i]);
}

const struct method cpu_methods[] = {
    {"cpuStart", start},
    {"cpuPrepare", prepare},
    {"cpuStop", stop},
    {"cpuRead", read_here},
    {"cpuFree", free_here},
    {"cpuReadOff", read_off},
    {"cpuReadJoin", read_join},
    {"samplingStart", heap_start},
    {"samplingRead", heap_read},
    {"samplingStop", heap_stop},
    {NULL, NULL},
};
