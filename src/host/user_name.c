#include "host/user_name.h"

#include <pwd.h>
#include <stdio.h>

void xpf_user_name(uid_t uid, char *out, size_t size) {
  struct passwd entry, *user = NULL;
  char text[4096];
  if (getpwuid_r(uid, &entry, text, sizeof text, &user) == 0 && user)
    snprintf(out, size, "%s", user->pw_name);
  else
    snprintf(out, size, "%u", (unsigned)uid);
}
