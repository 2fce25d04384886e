#include "daemon/setting_page.h"

#include "daemon/settings.h"
#include "format/roff.h"
#include "xpf_version.h"

/* Options that are no settings. */
static const struct {
  const char *name, *value, *help;
} OPTIONS[] = {
    {"--config", "FILE", "Reads settings from FILE: lines `name = value`."},
    {"--check", "", "Only checks the settings, and says what they are."},
    {"--sample-config", "", "Prints a configuration file with every setting, commented out."},
    {"--list-fields", "", "Lists everything it collects, as tables of Markdown."},
    {"--man", "", "Prints the manual page."},
    {"-h, --help", "", "Shows this."},
    {"-v, --version", "", "Shows the version."},
};
#define OPTIONS_COUNT (sizeof OPTIONS / sizeof *OPTIONS)

void xpf_setting_page_help(FILE *out) {
  char left[64];
  fputs(
      "Usage: xprofd [options]\n\n"
      "Finds every Node.js process of this host, adds the host's figures, keeps a history, and\n"
      "serves a console, Prometheus text and JSON-RPC. Without options it does so on loopback.\n\n"
      "Options:\n",
      out);
  for (int id = 0; id < XPF_SETTING_COUNT; id++) {
    const struct xpf_setting *setting = &xpf_setting_table[id];
    snprintf(left, sizeof left, "--%s %s", setting->name, setting->value);
    fprintf(out, "  %-28s %s\n", left, setting->help);
    if (setting->standard[0])
      fprintf(out, "  %-28s Default: %s\n", "", setting->standard);
  }
  for (size_t i = 0; i < OPTIONS_COUNT; i++) {
    snprintf(left, sizeof left, "%s %s", OPTIONS[i].name, OPTIONS[i].value);
    fprintf(out, "  %-28s %s\n", left, OPTIONS[i].help);
  }
  fputs("\nEach setting can also stand in the environment as XPROFD_NAME.\n", out);
}

/* ---- manual page ---- */

static void print_option(FILE *out, const char *prefix, const char *name, const char *value) {
  fputs(".TP\n\\fB", out);
  xpf_roff_text(out, prefix);
  xpf_roff_text(out, name);
  fputs("\\fR", out);
  if (*value)
    fprintf(out, " \\fI%s\\fR", value);
  fputc('\n', out);
}

static void print_options(FILE *out) {
  for (int id = 0; id < XPF_SETTING_COUNT; id++) {
    const struct xpf_setting *setting = &xpf_setting_table[id];
    print_option(out, "--", setting->name, setting->value);
    xpf_roff_line(out, "", setting->help);
    if (setting->standard[0])
      xpf_roff_line(out, "Default: ", setting->standard);
  }
  for (size_t i = 0; i < OPTIONS_COUNT; i++) {
    print_option(out, "", OPTIONS[i].name, OPTIONS[i].value);
    xpf_roff_line(out, "", OPTIONS[i].help);
  }
}

void xpf_setting_page_manual(FILE *out) {
  fputs(".\\\" Made by: xprofd --man\n.TH XPROFD 8 \"\" \"xprofiler " XPF_VERSION
        "\" \"xprofiler\"\n.SH NAME\nxprofd \\- what the Node.js processes of a host do\n"
        ".SH SYNOPSIS\n.B xprofd\n.RI [ OPTIONS ]\n.SH DESCRIPTION\n"
        "xprofd finds every Node.js process of this host, asks those that run xprofiler once a "
        "second, adds the figures of the host, keeps a history, and serves a console for the "
        "browser, Prometheus text, a JSON API and JSON\\-RPC.\n"
        "Without options it does so on loopback only.\n.PP\n"
        "As root it sees the processes of all users, also those in containers; as another user "
        "that user's processes in full, and of others what the kernel shows to everybody.\n"
        ".SH OPTIONS\n"
        "Each setting can also stand in the environment as \\fBXPROFD_\\fINAME\\fR, or in the "
        "configuration file as a line \\fIname\\fB = \\fIvalue\\fR.\n"
        "The command line comes first, then the environment, then the file.\n",
        out);
  print_options(out);
  fputs(".SH SIGNALS\n.TP\n.BR SIGTERM \", \" SIGINT\nIt ends, with exit status 0.\n"
        ".TP\n.B SIGHUP\nToken, certificate and key are read anew.\n"
        ".SH EXIT STATUS\n.TP\n.B 0\nIt was told to end.\n.TP\n.B 1\nIt could not start.\n"
        ".TP\n.B 2\nA setting is wrong; the sentence on standard error names it.\n"
        ".SH FILES\n.TP\n.I /etc/xprofd.conf\nThe settings of the service.\n"
        ".TP\n.I /var/lib/xprofd\nHistory and profiles, when root runs it.\n"
        ".SH SEE ALSO\n.BR xprofctl (1),\n.BR systemctl (1)\n",
        out);
}

/* ---- configuration file ---- */

void xpf_setting_page_sample(FILE *out) {
  fputs("# Settings of xprofd, as lines: name = value\n"
        "# What is commented out is the default, or names what kind of value it takes.\n"
        "# To see whether all is well: xprofd --check --config FILE\n",
        out);
  for (int id = 0; id < XPF_SETTING_COUNT; id++) {
    const struct xpf_setting *setting = &xpf_setting_table[id];
    fprintf(out, "\n# %s\n#%s = %s\n", setting->help, setting->name,
            setting->standard[0] ? setting->standard : setting->value);
  }
}
