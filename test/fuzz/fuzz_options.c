// links: ctl/options.c ctl/config_option.c ctl/duration.c ctl/print.c ctl/suggest.c ctl/text.c
// links: -lcjson -lm
/* Any words on the command line of xprofctl, cut at newlines: understood, or refused with a
 * sentence, in both languages. */
#include "../../ctl/options.h"
#include "../../ctl/text.h"
#include "fuzz.h"

#define WORDS_MAX 32

static void check_values(const struct xpf_options *options) {
  require(options->words_count >= 0 && options->words_count <= XPF_WORDS_MAX);
  for (int i = 0; i < XPF_OPTION_COUNT; i++) {
    const struct xpf_option *option = &xpf_option_table[i];
    const struct xpf_option_value *value = &options->values[i];
    if (!xpf_options_has(options, (enum xpf_option_id)i) || option->kind == XPF_OPTION_KIND_FLAG)
      continue;
    require(value->text != NULL);
    if (option->kind == XPF_OPTION_KIND_NAME)
      require(value->text[0] != '\0' && strchr(value->text, '/') == NULL);
    else if (option->kind != XPF_OPTION_KIND_TEXT)
      require(value->number >= option->min && value->number <= option->max);
  }
}

static void parse(int argc, char **argv) {
  struct xpf_options options;
  char message[512] = "";
  int status = xpf_options_parse(&options, argc, argv, message, sizeof message);
  require(status <= 0 && memchr(message, '\0', sizeof message) != NULL);
  require((status < 0) == (message[0] != '\0'));
  check_values(&options);
  if (status == 0) {
    cJSON *params = xpf_options_params(&options);
    require(cJSON_IsObject(params));
    cJSON_Delete(params);
  }
  xpf_options_free(&options);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *text = fuzz_text(data, size), *words[WORDS_MAX], *rest = text;
  int count = 0;
  while (rest != NULL && count < WORDS_MAX)
    words[count++] = strsep(&rest, "\n");
  xpf_text_set_chinese(false);
  parse(count, words);
  xpf_text_set_chinese(true);
  parse(count, words);
  free(text);
  return 0;
}
