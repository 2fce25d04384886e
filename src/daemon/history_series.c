#include "daemon/history_series.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "daemon/history_frame.h"
#include "daemon/history_steps.h"

#define NEVER         INT64_MAX
#define STEPS_UNASKED 2000
#define FRAME_MAX     (64u << 20)

/* Seconds that are read from one tier. */
struct part {
  unsigned tier;
  int64_t from_s, to_s;
};

/* What a minute that is no chunk yet has of an entity. */
struct piece {
  int64_t minute_s, layout_id;
  struct xpf_bytes stream;
};
struct target {
  size_t key; /* index */
  int64_t entity, until_ms;
  struct piece *pieces;
  size_t pieces_count;
};

struct series {
  struct xpf_chunk_reader *chunks;
  struct xpf_store_request *request;
  int64_t oldest_s[XPF_HISTORY_TIER_COUNT], done_s[XPF_HISTORY_TIER_COUNT];
  struct part parts[2 * XPF_HISTORY_TIER_COUNT];
  unsigned parts_count;
  size_t fields_count;
  struct target *targets; /* by entity */
  size_t targets_count;
  struct xpf_steps *steps; /* one a field */
  int *columns;            /* of the fields in the layout below */
  const struct xpf_layout *layout;
  double *weights;
  struct xpf_rows rows;
  struct xpf_bytes frame;
};

int xpf_store_request_check(const struct xpf_store_request *request) {
  if (atomic_load(&((struct xpf_store_request *)(uintptr_t)request)->is_canceled))
    return -ECANCELED;
  return uv_hrtime() > request->deadline_ns ? -ETIMEDOUT : 0;
}

static int error_of(int code) {
  return code == SQLITE_OK ? 0 : code == SQLITE_NOMEM ? -ENOMEM : -EIO;
}

/* Where the finest tier begins and ends, with the frames that are no chunk yet: what is asked may
 * reach from the first to the last of all days, and is not looked for there minute by minute. */
static int read_finest(struct series *s) {
  struct xpf_history_db *db = s->chunks->db;
  int64_t first_s, last_s, chunk;
  int code = xpf_history_number(db, XPF_SQL_FRAME_OTHER, 0, NEVER, &first_s, "ii", NEVER, NEVER);
  if (code == SQLITE_OK)
    code = xpf_history_number(db, XPF_SQL_FRAME_LAST, 0, -1, &last_s, "");
  if (code == SQLITE_OK)
    code = xpf_history_number(db, XPF_SQL_CHUNK_LAST, 0, -1, &chunk, "");
  if (code != SQLITE_OK)
    return code;
  int64_t span_s = xpf_history_tiers[0].span_s;
  int64_t chunks_end_s = chunk < 0 ? 0 : xpf_chunk_start(chunk) + span_s;
  /* Also when the clock was put back to before the oldest chunk. */
  if (first_s != NEVER && xpf_span_start(first_s, span_s) < s->oldest_s[0])
    s->oldest_s[0] = xpf_span_start(first_s, span_s);
  s->done_s[0] = last_s + 1 > chunks_end_s ? last_s + 1 : chunks_end_s;
  return SQLITE_OK;
}

static int read_tiers(struct series *s) {
  struct xpf_history_db *db = s->chunks->db;
  int code = SQLITE_OK;
  for (unsigned i = 0; code == SQLITE_OK && i < XPF_HISTORY_TIER_COUNT; i++) {
    int64_t first;
    code = xpf_history_number(db, XPF_SQL_CHUNK_NEXT, i, NEVER, &first, "i", (int64_t)0);
    s->oldest_s[i] = first == NEVER ? NEVER : xpf_chunk_start(first);
    if (code == SQLITE_OK)
      code = xpf_history_number(db, XPF_SQL_TIER_GET, 0, 0, &s->done_s[i], "i", (int64_t)i);
  }
  return error_of(code == SQLITE_OK ? read_finest(s) : code);
}

/* Seconds of the range that a tier has. */
static int64_t covered_s(const struct series *s, unsigned tier) {
  int64_t from_s = s->request->from_ms / 1000, to_s = s->request->to_ms / 1000;
  if (s->oldest_s[tier] == NEVER)
    return 0;
  int64_t begin_s = s->oldest_s[tier] > from_s ? s->oldest_s[tier] : from_s;
  return to_s > begin_s ? to_s - begin_s : 0;
}

/* The finest step that most of what there is has, and that makes not too many steps. */
static int64_t choose_step(const struct series *s) {
  static const int64_t NICE_S[] = {1,   2,   5,    10,   15,   30,    60,    120,   300,
                                   600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400};
  int64_t most_s = 0, step_s = 1;
  int64_t length_s = (s->request->to_ms - s->request->from_ms + 999) / 1000;
  for (unsigned i = 0; i < XPF_HISTORY_TIER_COUNT; i++)
    if (covered_s(s, i) > most_s)
      most_s = covered_s(s, i);
  for (unsigned i = XPF_HISTORY_TIER_COUNT; i-- > 0;)
    if (covered_s(s, i) * 2 >= most_s)
      step_s = xpf_history_tiers[i].step_s;
  if (step_s * STEPS_UNASKED < length_s)
    step_s = (length_s + STEPS_UNASKED - 1) / STEPS_UNASKED;
  for (size_t i = 0; i < sizeof NICE_S / sizeof NICE_S[0]; i++)
    if (NICE_S[i] >= step_s)
      return NICE_S[i] * 1000;
  return (step_s + 86399) / 86400 * 86400 * 1000;
}

/* What a tier has between two moments, and not before what the part before it ended with. */
static void add_part(struct series *s, unsigned tier, int64_t *at_s, int64_t to_s) {
  int64_t from_s = *at_s;
  if (s->oldest_s[tier] != NEVER && s->oldest_s[tier] > from_s)
    from_s = s->oldest_s[tier];
  if (s->oldest_s[tier] == NEVER)
    return;
  if (s->done_s[tier] < to_s)
    to_s = s->done_s[tier];
  if (to_s <= from_s)
    return;
  s->parts[s->parts_count++] = (struct part){tier, from_s, to_s};
  *at_s = to_s;
}

/* The coarsest tier that is as fine as the steps; where it has gone already the coarser ones, where
 * it is not yet made the finer ones. */
static void choose_parts(struct series *s) {
  const struct xpf_store_request *request = s->request;
  int64_t end_s = (request->to_ms + 999) / 1000;
  unsigned best = XPF_HISTORY_TIER_COUNT - 1;
  while (best > 0 && xpf_history_tiers[best].step_s * 1000 > request->answer.step_ms)
    best--;
  /* What was measured before the range may hold into it. */
  int64_t at_s =
      request->answer.from_ms / 1000 - request->hold_ms / 1000 - xpf_history_tiers[best].step_s;
  for (unsigned i = XPF_HISTORY_TIER_COUNT; i-- > best + 1;)
    add_part(s, i, &at_s, s->oldest_s[i - 1] < end_s ? s->oldest_s[i - 1] : end_s);
  for (unsigned i = best + 1; i-- > 0;)
    add_part(s, i, &at_s, end_s);
}

static int by_entity(const void *left, const void *right) {
  const struct target *l = left, *r = right;
  return (l->entity > r->entity) - (l->entity < r->entity);
}

static int find_targets(struct series *s) {
  struct xpf_history_db *db = s->chunks->db;
  int64_t kind;
  size_t count = 0;
  while (s->request->keys[count])
    count++;
  s->targets = calloc(count, sizeof *s->targets);
  if (!s->targets)
    return -ENOMEM;
  int code = xpf_history_number(db, XPF_SQL_KIND_FIND, 0, 0, &kind, "t", s->request->kind);
  for (size_t i = 0; code == SQLITE_OK && i < count; i++) {
    sqlite3_stmt *row =
        xpf_history_rows(db, XPF_SQL_ENTITY_FIND, 0, "it", kind, s->request->keys[i]);
    int stepped = row ? sqlite3_step(row) : SQLITE_ERROR;
    if (stepped == SQLITE_ROW)
      s->targets[s->targets_count++] = (struct target){
          .key = i,
          .entity = sqlite3_column_int64(row, 0),
          .until_ms = sqlite3_column_int64(row, 2),
      };
    else if (stepped != SQLITE_DONE)
      code = stepped;
    sqlite3_reset(row);
  }
  qsort(s->targets, s->targets_count, sizeof *s->targets, by_entity);
  return error_of(code);
}

static int add_record(struct target *target, int64_t minute_s,
                      const struct xpf_history_entry *entry) {
  struct piece *last = target->pieces_count ? &target->pieces[target->pieces_count - 1] : NULL;
  if (!last || last->minute_s != minute_s || last->layout_id != (int64_t)entry->layout) {
    struct piece *grown =
        realloc(target->pieces, (target->pieces_count + 1) * sizeof *target->pieces);
    if (!grown)
      return -ENOMEM;
    target->pieces = grown;
    last = &grown[target->pieces_count++];
    *last = (struct piece){.minute_s = minute_s, .layout_id = (int64_t)entry->layout};
  }
  return xpf_bytes_append(&last->stream, entry->record, entry->size);
}

/* One that cannot be read is a gap. */
static int read_frame(struct series *s, const void *data, size_t size, int64_t at_s) {
  struct xpf_history_entry entry;
  s->frame.size = 0;
  if (!data || xpf_unpack(s->chunks->packer, data, size, FRAME_MAX, &s->frame) != 0 ||
      s->frame.size == 0)
    return 0;
  const uint8_t *at = s->frame.data, *end = at + s->frame.size;
  int64_t minute_s = xpf_span_start(at_s, xpf_history_tiers[0].span_s);
  while (xpf_history_frame_next(&at, end, &entry) == 1) {
    struct target wanted = {.entity = (int64_t)entry.entity};
    struct target *target =
        bsearch(&wanted, s->targets, s->targets_count, sizeof wanted, by_entity);
    if (target && add_record(target, minute_s, &entry) != 0)
      return -ENOMEM;
  }
  return 0;
}

/* What is no chunk yet, of all targets at once: a frame has them all. */
static int read_frames(struct series *s) {
  const struct part *last = s->parts_count ? &s->parts[s->parts_count - 1] : NULL;
  if (!last || last->tier != 0 || s->targets_count == 0)
    return 0;
  /* From the minute's beginning: a record says only what changed. */
  int64_t from_s = xpf_span_start(last->from_s, xpf_history_tiers[0].span_s);
  sqlite3_stmt *rows =
      xpf_history_rows(s->chunks->db, XPF_SQL_FRAME_RANGE, 0, "ii", from_s, last->to_s);
  int error = 0, code = rows ? SQLITE_ROW : SQLITE_ERROR;
  while (!error && rows && (code = sqlite3_step(rows)) == SQLITE_ROW) {
    error = read_frame(s, sqlite3_column_blob(rows, 1), (size_t)sqlite3_column_bytes(rows, 1),
                       sqlite3_column_int64(rows, 0));
    if (!error)
      error = xpf_store_request_check(s->request);
  }
  sqlite3_reset(rows);
  return error ? error : code == SQLITE_DONE ? 0 : error_of(code);
}

static void begin_target(struct series *s, const struct target *target) {
  const struct xpf_store_request *request = s->request;
  int64_t now_ms = xpf_world_now_ms();
  for (size_t i = 0; i < s->fields_count; i++) {
    struct xpf_store_column *column = &request->answer.columns[target->key * s->fields_count + i];
    s->steps[i] = (struct xpf_steps){
        .kind = !request->is_counter[i] ? XPF_STEPS_GAUGE
                : request->as_rates     ? XPF_STEPS_RATE
                                        : XPF_STEPS_LAST,
        .from_ms = request->answer.from_ms,
        .step_ms = request->answer.step_ms,
        .count = request->answer.steps,
        .hold_ms = request->hold_ms,
        .end_ms = target->until_ms ? target->until_ms + 1000 : now_ms + 1000,
        .values = column->values,
        .maxima = column->maxima,
        .weights = s->weights + i * request->answer.steps,
    };
    xpf_steps_begin(&s->steps[i]);
  }
}

static void find_columns(struct series *s, const struct xpf_layout *layout) {
  if (s->layout == layout)
    return;
  s->layout = layout;
  for (size_t i = 0; i < s->fields_count; i++) {
    s->columns[i] = xpf_layout_find(layout, s->request->fields[i]);
    if (s->columns[i] >= 0 && layout->is_counter[s->columns[i]] != s->request->is_counter[i])
      s->columns[i] = -1; /* it was something else then */
  }
}

static void take_row(struct series *s, unsigned tier, int64_t at_ms, const double *row) {
  int64_t spacing_ms = xpf_history_tiers[tier].step_s * 1000;
  for (size_t i = 0; i < s->fields_count; i++) {
    int column = s->columns[i];
    if (column < 0)
      continue;
    if (tier == 0)
      xpf_steps_point(&s->steps[i], at_ms, spacing_ms, row[column], row[column]);
    else if (s->request->is_counter[i])
      xpf_steps_counter(&s->steps[i], at_ms, spacing_ms, row[2 * column], row[2 * column + 1]);
    else
      xpf_steps_point(&s->steps[i], at_ms, spacing_ms, row[2 * column], row[2 * column + 1]);
  }
}

static int read_rows(struct series *s, const struct target *target, unsigned tier,
                     int64_t start_s) {
  const struct xpf_layout *layout;
  int code = xpf_chunk_load(s->chunks, tier, start_s, target->entity, &layout), error = 0;
  bool has_begun = code == SQLITE_OK && layout;
  if (has_begun) {
    error = xpf_rows_begin(&s->rows, layout, tier);
    if (!error && xpf_rows_add(&s->rows, tier, layout, s->chunks->stream.data,
                               s->chunks->stream.size) == -ENOMEM)
      error = -ENOMEM;
  }
  for (size_t i = 0; tier == 0 && !error && i < target->pieces_count; i++) {
    const struct piece *piece = &target->pieces[i];
    if (piece->minute_s != start_s)
      continue;
    layout = xpf_layouts_get(&s->chunks->layouts, s->chunks->db, piece->layout_id);
    if (!layout)
      continue;
    if (!has_begun)
      error = xpf_rows_begin(&s->rows, layout, 0);
    has_begun = true;
    if (!error &&
        xpf_rows_add(&s->rows, 0, layout, piece->stream.data, piece->stream.size) == -ENOMEM)
      error = -ENOMEM;
  }
  if (!has_begun)
    memset(s->rows.present, 0, sizeof s->rows.present);
  else
    find_columns(s, s->rows.layout);
  return error ? error : error_of(code);
}

static int read_part(struct series *s, const struct target *target, const struct part *part) {
  const struct xpf_history_tier *tier = &xpf_history_tiers[part->tier];
  int error = 0;
  for (int64_t start_s = xpf_span_start(part->from_s, tier->span_s); !error && start_s < part->to_s;
       start_s += tier->span_s) {
    error = read_rows(s, target, part->tier, start_s);
    for (unsigned i = 0; !error && i < XPF_STREAM_STEPS_MAX; i++) {
      int64_t at_s = start_s + i * tier->step_s;
      if (s->rows.present[i] && at_s >= part->from_s && at_s < part->to_s)
        take_row(s, part->tier, at_s * 1000, s->rows.values + (size_t)i * s->rows.columns);
    }
    if (!error)
      error = xpf_store_request_check(s->request);
  }
  return error;
}

static int make_answer(struct series *s) {
  struct xpf_store_request *request = s->request;
  struct xpf_store_answer *answer = &request->answer;
  size_t keys = 0, at = 0;
  answer->step_ms = request->step_ms ? request->step_ms : choose_step(s);
  answer->from_ms = request->from_ms - request->from_ms % answer->step_ms;
  answer->steps =
      (size_t)((request->to_ms - answer->from_ms + answer->step_ms - 1) / answer->step_ms);
  while (request->keys[keys])
    keys++;
  while (request->fields[s->fields_count])
    s->fields_count++;
  answer->columns_count = keys * s->fields_count;
  size_t count = answer->columns_count * answer->steps;
  if (answer->steps > XPF_STORE_STEPS_MAX + 2 || count > XPF_STORE_VALUES_MAX * 2)
    return -E2BIG;
  answer->columns = calloc(answer->columns_count, sizeof *answer->columns);
  request->numbers = malloc(2 * count * sizeof(double));
  s->weights = malloc(s->fields_count * answer->steps * sizeof(double));
  s->steps = calloc(s->fields_count, sizeof *s->steps);
  s->columns = calloc(s->fields_count, sizeof *s->columns);
  if (!answer->columns || !request->numbers || !s->weights || !s->steps || !s->columns)
    return -ENOMEM;
  for (size_t i = 0; i < 2 * count; i++)
    request->numbers[i] = NAN;
  for (size_t i = 0; i < answer->columns_count; i++) {
    size_t field = i % s->fields_count;
    answer->columns[i] = (struct xpf_store_column){
        .key = request->keys[i / s->fields_count],
        .field = request->field_ids[field],
        .values = request->numbers + at++ * answer->steps,
        .maxima = request->is_counter[field] ? NULL : request->numbers + at++ * answer->steps,
    };
  }
  return 0;
}

static void free_series(struct series *s) {
  for (size_t i = 0; i < s->targets_count; i++) {
    for (size_t j = 0; j < s->targets[i].pieces_count; j++)
      xpf_bytes_free(&s->targets[i].pieces[j].stream);
    free(s->targets[i].pieces);
  }
  free(s->targets);
  free(s->weights);
  free(s->steps);
  free(s->columns);
  xpf_rows_free(&s->rows);
  xpf_bytes_free(&s->frame);
}

/* What a field was the last time that the kind had it. True when all are known by now. */
static bool take_layout(struct xpf_store_request *request, const struct xpf_layout *layout,
                        bool *known) {
  bool are_all = true;
  for (size_t i = 0; request->fields[i]; i++) {
    int column = known[i] ? -1 : xpf_layout_find(layout, request->fields[i]);
    if (column >= 0) {
      request->is_counter[i] = layout->is_counter[column];
      known[i] = true;
      if (layout->gap_ms > 0)
        request->hold_ms = layout->gap_ms;
    }
    are_all = are_all && known[i];
  }
  return are_all;
}

/* A kind that is known no more. -ENOENT: nor does the history know it, or one of the fields. */
static int look_up_past(struct series *s) {
  size_t count = 0;
  while (s->request->fields[count])
    count++;
  bool *known = calloc(count + 1, sizeof *known), are_all = false;
  if (!known)
    return -ENOMEM;
  sqlite3_stmt *rows =
      xpf_history_rows(s->chunks->db, XPF_SQL_LAYOUT_OF_KIND, 0, "t", s->request->kind);
  int code = rows ? SQLITE_ROW : SQLITE_ERROR;
  while (!are_all && rows && (code = sqlite3_step(rows)) == SQLITE_ROW) {
    int64_t id = sqlite3_column_int64(rows, 0);
    const struct xpf_layout *layout = xpf_layouts_get(&s->chunks->layouts, s->chunks->db, id);
    are_all = layout && take_layout(s->request, layout, known);
  }
  sqlite3_reset(rows);
  free(known);
  return are_all ? 0 : code == SQLITE_DONE ? -ENOENT : error_of(code);
}

int xpf_history_series(struct xpf_chunk_reader *chunks, struct xpf_store_request *request) {
  struct series s = {.chunks = chunks, .request = request};
  int error = request->is_past ? look_up_past(&s) : 0;
  if (!error)
    error = read_tiers(&s);
  if (!error)
    error = make_answer(&s);
  if (!error)
    error = find_targets(&s);
  if (!error) {
    choose_parts(&s);
    error = read_frames(&s);
  }
  for (size_t i = 0; !error && i < s.targets_count; i++) {
    begin_target(&s, &s.targets[i]);
    for (unsigned j = 0; !error && j < s.parts_count; j++)
      error = read_part(&s, &s.targets[i], &s.parts[j]);
    for (size_t j = 0; !error && j < s.fields_count; j++)
      xpf_steps_end(&s.steps[j]);
  }
  free_series(&s);
  return error;
}
