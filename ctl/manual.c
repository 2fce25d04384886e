#include "manual.h"
#include <stdlib.h>
#include <string.h>
#include "command_table.h"
#include "config_option.h"
#include "format/roff.h"
#include "help.h"
#include "text.h"
#include "xpf_version.h"

/* A sentence of the tables begins small and has no end. */
static void put_sentence(FILE *out, const char *text) {
  char first[2] = {(char)(*text >= 'a' && *text <= 'z' ? *text - 'a' + 'A' : *text), '\0'};
  if (*text == '\0')
    return;
  xpf_roff_text(out, first);
  xpf_roff_text(out, text + 1);
  fputs(text[strlen(text) - 1] == '.' ? "\n" : ".\n", out);
}

/* ---- options ---- */

static void put_option_name(FILE *out, const struct xpf_option *option) {
  fputs("\\fB\\-\\-", out);
  xpf_roff_text(out, option->name);
  fputs("\\fR", out);
  if (option->value != NULL) {
    fputs(" \\fI", out);
    xpf_roff_text(out, option->value);
    fputs("\\fR", out);
  }
}

static void put_options(FILE *out) {
  fputs(".SH OPTIONS\nNot every command takes every option. In names of options and commands "
        "\\- and _ are the same.\n",
        out);
  for (int i = 0; i < XPF_OPTION_COUNT; i++) {
    const struct xpf_option *option = &xpf_option_table[i];
    fputs(".TP\n", out);
    if (option->letter != 0)
      fprintf(out, "\\fB\\-%c\\fR, ", option->letter);
    put_option_name(out, option);
    fputc('\n', out);
    put_sentence(out, option->en);
    if (option->other_name != NULL) {
      fputs("Also \\fB\\-\\-", out);
      xpf_roff_text(out, option->other_name);
      fputs("\\fR.\n", out);
    }
  }
}

/* ---- commands ---- */

/* Its own options, without those that every command has. */
static void put_options_of(FILE *out, const struct xpf_ctl_command *command) {
  uint64_t common = XPF_OPTION_BIT(JSON) | XPF_OPTION_BIT(HELP) | XPF_OPTION_BIT(VERSION) |
                    XPF_OPTION_BIT(PID) | XPF_OPTION_BIT(THREAD) | XPF_OPTION_BIT(TIMEOUT);
  bool is_first = true;
  for (int i = 0; i < XPF_OPTION_COUNT; i++) {
    if ((command->options & ~common & (UINT64_C(1) << i)) == 0)
      continue;
    fputs(is_first ? "Options: " : ",\n", out);
    put_option_name(out, &xpf_option_table[i]);
    is_first = false;
  }
  if (!is_first)
    fputs(".\n", out);
}

static void put_commands(FILE *out) {
  char usage[200];
  fputs(".SH COMMANDS\n", out);
  for (unsigned i = 0; i < xpf_ctl_commands_count; i++) {
    const struct xpf_ctl_command *command = &xpf_ctl_commands[i];
    if (command->is_hidden)
      continue;
    xpf_help_usage(command, usage, sizeof usage);
    /* Without the program's name. */
    xpf_roff_line(out, ".TP\n.B ", strchr(usage, ' ') + 1);
    put_sentence(out, command->summary_en);
    if (command->alias != NULL) {
      fputs("Also \\fB", out);
      xpf_roff_text(out, command->alias);
      fputs("\\fR.\n", out);
    }
    put_options_of(out, command);
  }
}

static void put_key(void *arg, const char *name, const char *what) {
  FILE *out = arg;
  if (*what == '\0')
    return; /* the opposite of the one before */
  fputs(".TP\n\\fB\\-\\-", out);
  xpf_roff_text(out, name);
  fputs("\\fR\n", out);
  put_sentence(out, what);
}

/* ---- the page ---- */

static const struct {
  const char *line, *about;
} examples[] = {
    {"xprofctl list", "Which processes are there?"},
    {"xprofctl top", "What do they do right now?"},
    {"xprofctl cpu -p 5768 -t 10s", "Where does the time of one go?"},
    {"xprofctl heap -p 5768 -w 1 -o worker.heapprofile", "Who allocated what worker 1 keeps?"},
    {"xprofctl watch -p 5768 cpu_now rss http_responses_total/s", "Three figures, each second."},
    {"xprofctl logs -p 5768 -f", "What it writes to its log."},
};

static void put_head(FILE *out) {
  fputs(".\\\" Made by: xprofctl help --man\n.TH XPROFCTL 1 \"\" \"xprofiler " XPF_VERSION
        "\" \"xprofiler\"\n.SH NAME\nxprofctl \\- look inside running Node.js processes\n"
        ".SH SYNOPSIS\n.B xprofctl\n.I COMMAND\n.RB [ \\-p\n.IR PID ]\n.RI [ OPTIONS ]\n"
        ".SH DESCRIPTION\n",
        out);
  xpf_roff_line(out, "",
                "xprofctl lists, watches and profiles running Node.js processes that use "
                "xprofiler.");
  xpf_roff_line(out, "",
                "It finds each process by its socket, also in another mount or pid namespace "
                "(a container) that this user may look into.");
  xpf_roff_line(out, "",
                "As a normal user you see your own processes; as root, those of all users.");
}

static void put_tail(FILE *out) {
  fputs(".SH EXIT STATUS\n.TP\n.B 0\nDone.\n.TP\n.B 1\nThe target refused, or the work failed, or "
        "there was no answer in time.\n.TP\n.B 2\nWrong usage.\n.TP\n.B 3\nNo such target: the "
        "process does not exist, does not run xprofiler, is not yours, or ended before it "
        "answered.\n.SH ENVIRONMENT\n.TP\n.BR LC_ALL \", \" LC_MESSAGES \", \" LANG\n"
        "The first that is set decides on the language: Chinese when it begins with zh, else "
        "English; its character set on the characters that are drawn.\n.TP\n.B NO_COLOR\n"
        "When it is not empty, there are no colours.\n.SH FILES\n.TP\n"
        ".I /tmp/xprofiler\\-UID/PID.sock\nThe socket of a process.\n.SH EXAMPLES\n",
        out);
  for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
    xpf_roff_line(out, ".TP\n.B ", examples[i].line);
    xpf_roff_line(out, "", examples[i].about);
  }
}

void xpf_manual_print(FILE *out) {
  put_head(out);
  put_commands(out);
  put_options(out);
  fputs(".SH CONFIGURATION KEYS\nOptions of \\fBset_config\\fR. A flag \\fBenable_\\fIX\\fR is "
        "cleared with \\fB\\-\\-disable_\\fIX\\fR.\n",
        out);
  xpf_config_option_each(put_key, out);
  put_tail(out);
}
