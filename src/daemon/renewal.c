#include "daemon/renewal.h"

#include <openssl/crypto.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/daemon.h"
#include "daemon/http.h"
#include "daemon/tls_files.h"
#include "daemon/token_file.h"

#define LOOK_SECONDS                                                                               \
  5 /* a change is taken when it is as it was one look before: written to its end */

enum { TOKEN, CERT, KEY, FILES };

struct stamp { /* which file it is, and what state of it; zeros: there is none */
  dev_t device;
  ino_t inode;
  off_t size;
  struct timespec modified, changed;
};

struct xpf_renewal {
  struct xpf_http *http;
  const char *paths[FILES]; /* NULL: not set */
  unsigned seconds;
  uv_work_t work;
  bool is_out, is_asked, is_closing;
  void (*closed)(void *arg);
  void *closed_arg;
  /* Of the pool while is_out. */
  struct stamp used[FILES], seen[FILES];
  bool is_forced, has_token;
  char token[XPF_TOKEN_SIZE];
  SSL_CTX *tls;      /* NULL: not read anew */
  char why[2][1024]; /* of the token, of the pair; "": it is well */
};

static struct stamp look_at(const char *path) {
  struct stat stat_of;
  struct stamp stamp;
  memset(&stamp, 0, sizeof stamp); /* also what is between its members: it is compared as bytes */
  if (!path || stat(path, &stat_of) != 0)
    return stamp;
  stamp.device = stat_of.st_dev;
  stamp.inode = stat_of.st_ino;
  stamp.size = stat_of.st_size;
  stamp.modified = stat_of.st_mtim;
  stamp.changed = stat_of.st_ctim;
  return stamp;
}

static bool is_same(const struct stamp *a, const struct stamp *b) {
  return memcmp(a, b, sizeof *a) == 0;
}

/* Whether the files from `first` to `last`, which belong together, are to be read. */
static bool is_due(struct xpf_renewal *renewal, const struct stamp *now, int first, int last) {
  bool is_changed = false, is_settled = true;
  for (int i = first; i <= last; i++) {
    is_changed = is_changed || !is_same(&now[i], &renewal->used[i]);
    is_settled = is_settled && is_same(&now[i], &renewal->seen[i]);
  }
  if (!renewal->paths[first] || !(renewal->is_forced || (is_changed && is_settled)))
    return false;
  memcpy(&renewal->used[first], &now[first], (size_t)(last - first + 1) * sizeof *now);
  return true;
}

/* [pool] */
static void look(uv_work_t *work) {
  struct xpf_renewal *renewal = work->data;
  struct stamp now[FILES];
  for (int i = 0; i < FILES; i++)
    now[i] = look_at(renewal->paths[i]);
  size_t size = sizeof renewal->why[0];
  if (is_due(renewal, now, TOKEN, TOKEN))
    renewal->has_token =
        xpf_token_file_read(renewal->paths[TOKEN], renewal->token, renewal->why[0], size) == 0;
  if (is_due(renewal, now, CERT, KEY)) {
    xpf_tls_files_load(renewal->paths[CERT], renewal->paths[KEY], &renewal->tls, renewal->why[1],
                       size);
    OPENSSL_thread_stop(); /* what it keeps for each thread, and this one is not its own */
  }
  memcpy(renewal->seen, now, sizeof now);
}

static void tell(struct xpf_renewal *renewal, FILE *out, const char *name, const char *text) {
  fprintf(out, "xprofd: %s\n", text);
  fflush(out);
  xpf_world_event(renewal->http->daemon->world, name, NULL, text);
}

static void take(struct xpf_renewal *renewal) {
  char text[1200];
  if (renewal->has_token && xpf_http_set_token(renewal->http, renewal->token) == 0)
    tell(renewal, stdout, "token_renewed", "token_file: the token was read anew");
  if (renewal->tls) {
    xpf_http_set_certificate(renewal->http, renewal->tls);
    tell(renewal, stdout, "certificate_renewed",
         "tls_cert and tls_key: certificate and key were read anew");
  }
  for (int i = 0; i < 2; i++)
    if (renewal->why[i][0]) {
      snprintf(text, sizeof text, "%s; what was read before stays in use", renewal->why[i]);
      tell(renewal, stderr, "renewal_failed", text);
      renewal->why[i][0] = '\0';
    }
  renewal->tls = NULL;
  renewal->has_token = renewal->is_forced = false;
}

static void end(struct xpf_renewal *renewal) {
  void (*closed)(void *) = renewal->closed;
  void *arg = renewal->closed_arg;
  SSL_CTX_free(renewal->tls);
  free(renewal);
  closed(arg);
}

static void begin_look(struct xpf_renewal *renewal);

static void looked(uv_work_t *work, int status) {
  (void)status;
  struct xpf_renewal *renewal = work->data;
  renewal->is_out = false;
  if (renewal->is_closing) {
    end(renewal);
    return;
  }
  take(renewal);
  if (renewal->is_asked)
    begin_look(renewal);
}

static void begin_look(struct xpf_renewal *renewal) {
  renewal->is_forced = renewal->is_asked;
  renewal->is_asked = false;
  renewal->work.data = renewal;
  renewal->is_out = uv_queue_work(renewal->http->daemon->loop, &renewal->work, look, looked) == 0;
}

struct xpf_renewal *xpf_renewal_new(struct xpf_http *http) {
  struct xpf_renewal *renewal = calloc(1, sizeof *renewal);
  if (!renewal)
    return NULL;
  const char *token_file = xpf_settings_text(http->daemon->settings, XPF_SETTING_TOKEN_FILE);
  renewal->http = http;
  renewal->paths[TOKEN] = token_file[0] ? token_file : NULL;
  renewal->paths[CERT] = http->options.tls_cert;
  renewal->paths[KEY] = http->options.tls_key;
  for (int i = 0; i < FILES; i++)
    renewal->used[i] = renewal->seen[i] = look_at(renewal->paths[i]);
  return renewal;
}

void xpf_renewal_tick(struct xpf_renewal *renewal, int64_t now_ms) {
  (void)now_ms;
  bool is_used = renewal->paths[TOKEN] || renewal->paths[CERT];
  if (is_used && !renewal->is_out && ++renewal->seconds % LOOK_SECONDS == 0)
    begin_look(renewal);
}

void xpf_renewal_ask(struct xpf_renewal *renewal) {
  renewal->is_asked = true;
  if (!renewal->is_out)
    begin_look(renewal);
}

void xpf_renewal_close(struct xpf_renewal *renewal, void (*closed)(void *arg), void *arg) {
  renewal->closed = closed;
  renewal->closed_arg = arg;
  renewal->is_closing = true;
  if (!renewal->is_out)
    end(renewal);
}
