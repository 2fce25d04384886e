#include "daemon/field_page.h"

#include "daemon/collector.h"
#include "daemon/metric_kinds.h"
#include "daemon/part.h"

/* A bar would begin the next cell. */
static void print_cell(FILE *out, const char *text) {
  for (; *text; text++)
    if (*text == '|')
      fputs("\\|", out);
    else
      fputc(*text, out);
}

static void print_field(FILE *out, const struct xpf_field *field) {
  fprintf(out, "| `%s` | %s%s%s | ", field->key,
          field->type == XPF_FIELD_COUNTER ? "counter" : "now", field->unit[0] ? ", " : "",
          field->unit);
  print_cell(out, field->help);
  fputs(" | ", out);
  print_cell(out, field->source);
  fputs(" | ", out);
  if (field->family)
    fprintf(out, "`%s%s%s%s`", field->family, field->labels ? "{" : "",
            field->labels ? field->labels : "", field->labels ? "}" : "");
  fputs(" |\n", out);
}

static void print_names(FILE *out, const char *what, const char *const *names) {
  if (!names || !names[0])
    return;
  fputs(what, out);
  for (unsigned i = 0; names[i]; i++)
    fprintf(out, "%s`%s`", i > 0 ? ", " : "", names[i]);
  fputs(".", out);
}

static void print_kind(FILE *out, const struct xpf_kind *kind) {
  fprintf(out, "\n### `%s`: ", kind->name);
  print_cell(out, kind->help);
  fprintf(out, "\n\nReadable for %s.", kind->access ? kind->access : "any user");
  print_names(out, " Labels: ", kind->labels);
  print_names(out, kind->info_family ? " Texts: " : " Texts (not for Prometheus): ", kind->info);
  if (kind->info && kind->info_family)
    fprintf(out, " (Prometheus: `%s`)", kind->info_family);
  if (kind->stale_after_ms > 0)
    fprintf(out, " Stale after %g s.", kind->stale_after_ms / 1000.0);
  fputs("\n", out);
  if (kind->fields_count > 0)
    fputs("\n| field | unit | meaning | source or formula | Prometheus |\n|---|---|---|---|---|\n",
          out);
  for (unsigned i = 0; i < kind->fields_count; i++)
    print_field(out, &kind->fields[i]);
}

static void print_kinds(FILE *out, const struct xpf_kind *const *kinds) {
  for (; kinds && *kinds; kinds++)
    print_kind(out, *kinds);
}

void xpf_field_page_print(FILE *out) {
  xpf_metric_kinds_init();
  for (unsigned i = 0; xpf_collectors[i]; i++)
    print_kinds(out, xpf_collectors[i]->kinds);
  for (unsigned i = 0; xpf_parts[i]; i++)
    print_kinds(out, xpf_parts[i]->kinds);
}
