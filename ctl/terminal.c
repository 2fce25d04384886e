/* Before term.h, which makes macros of common words. */
#include "style.h"
#include "terminal.h"
#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

/* A lone Esc is told from the first byte of a key within this time. */
#define ESCAPE_MS 25

static const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
static const int crashing[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
#define COUNT(list) (sizeof(list) / sizeof *(list))

static int pipe_ends[2] = {-1, -1};
static volatile sig_atomic_t end_signal;
static bool is_ours;
static struct termios saved;
/* What gives the screen back, prepared for a handler that may call write() only. */
static char farewell[256];
static SCREEN *screen;

/* ---- signals ---- */

static void on_signal(int signal) {
  int error = errno;
  char byte = (char)signal;
  ssize_t written = write(pipe_ends[1], &byte, 1);
  (void)written;
  errno = error;
}

static void on_crash(int signal) {
  ssize_t written = write(STDOUT_FILENO, farewell, strlen(farewell));
  (void)written;
  tcsetattr(STDIN_FILENO, TCSANOW, &saved);
  raise(signal); /* SA_RESETHAND: what it always does */
}

static void watch(int signal, void (*handler)(int), int flags) {
  struct sigaction action = {.sa_handler = handler, .sa_flags = flags}, before;
  /* nohup and background jobs ignore some: they stay ignored. */
  if (sigaction(signal, NULL, &before) == 0 && before.sa_handler == SIG_IGN)
    return;
  sigaction(signal, &action, NULL);
}

/* Before curses looks: it leaves alone what has a handler already. */
static void watch_all(void) {
  for (size_t i = 0; i < COUNT(ending); i++)
    watch(ending[i], on_signal, SA_RESTART);
  for (size_t i = 0; i < COUNT(crashing); i++)
    watch(crashing[i], on_crash, (int)(SA_RESETHAND | SA_NODEFER));
  watch(SIGWINCH, on_signal, SA_RESTART);
  watch(SIGTSTP, on_signal, SA_RESTART);
  signal(SIGPIPE, SIG_IGN);
}

static void unwatch_all(void) {
  for (size_t i = 0; i < COUNT(ending); i++)
    signal(ending[i], SIG_DFL);
  for (size_t i = 0; i < COUNT(crashing); i++)
    signal(crashing[i], SIG_DFL);
  signal(SIGWINCH, SIG_DFL);
  signal(SIGTSTP, SIG_DFL);
}

/* ---- begin and end ---- */

/* curses asks the C library, which may lack the locale that the user named; C.UTF-8 has the same
 * characters. */
static bool choose_locale(void) {
  if (!xpf_style_is_utf8())
    return false;
  if (setlocale(LC_CTYPE, "") != NULL && strcmp(nl_langinfo(CODESET), "UTF-8") == 0)
    return true;
  return setlocale(LC_CTYPE, "C.UTF-8") != NULL;
}

static void prepare_farewell(void) {
  const char *parts[] = {tigetstr("rmkx"), tigetstr("sgr0"), tigetstr("cnorm"), tigetstr("rmcup")};
  for (size_t i = 0; i < COUNT(parts); i++) {
    /* (char *)-1: no such string in this type's description */
    bool is_there = parts[i] != NULL && parts[i] != (const char *)-1;
    if (is_there && strlen(farewell) + strlen(parts[i]) < sizeof farewell)
      strcat(farewell, parts[i]);
  }
}

/* The user's own background; colours that all palettes show well. */
static void choose_colours(struct xpf_terminal *terminal) {
  const char *unwanted = getenv("NO_COLOR");
  terminal->colour = has_colors() && (unwanted == NULL || *unwanted == '\0') && start_color() == OK;
  if (!terminal->colour)
    return;
  use_default_colors();
  static const short colours[] = {COLOR_GREEN, COLOR_YELLOW, COLOR_RED, COLOR_CYAN, COLOR_BLUE};
  for (size_t i = 0; i < COUNT(colours); i++)
    init_pair((short)(i + 1), colours[i], -1);
}

static void set_modes(void) {
  cbreak();
  noecho();
  nonl();
  keypad(stdscr, TRUE);
  nodelay(stdscr, TRUE);
  meta(stdscr, TRUE);
  curs_set(0);
}

int xpf_terminal_begin(struct xpf_terminal *terminal, bool ascii) {
  if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &saved) != 0)
    return -ENOTTY;
  terminal->utf8 = choose_locale() && !ascii;
  if (pipe2(pipe_ends, O_CLOEXEC | O_NONBLOCK) != 0)
    return -errno;
  terminal->signal_fd = pipe_ends[0];
  watch_all();
  set_escdelay(ESCAPE_MS);
  /* initscr() would end the process when it does not know the terminal. */
  screen = newterm(NULL, stdout, stdin);
  if (screen == NULL) {
    unwatch_all();
    return -ENODEV;
  }
  is_ours = true;
  prepare_farewell();
  choose_colours(terminal);
  set_modes();
  return 0;
}

void xpf_terminal_end(void) {
  if (!is_ours)
    return;
  is_ours = false;
  endwin();
  delscreen(screen);
  unwatch_all();
  if (end_signal == SIGHUP)
    return;
  tcsetattr(STDIN_FILENO, TCSADRAIN, &saved);
}

int xpf_terminal_signal(void) {
  return end_signal;
}

/* ---- while it is ours ---- */

static void take_new_size(void) {
  struct winsize size;
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0)
    resizeterm(size.ws_row, size.ws_col);
  clearok(curscr, TRUE);
}

static void sleep_until_continued(void) {
  endwin();
  signal(SIGTSTP, SIG_DFL);
  raise(SIGTSTP);
  /* here again: fg */
  watch(SIGTSTP, on_signal, SA_RESTART);
  take_new_size();
  refresh();
}

bool xpf_terminal_attend(struct xpf_terminal *terminal) {
  char byte;
  while (read(terminal->signal_fd, &byte, 1) == 1) {
    if (byte == SIGWINCH) {
      take_new_size();
    } else if (byte == SIGTSTP) {
      sleep_until_continued();
    } else {
      end_signal = byte;
      return false;
    }
  }
  return true;
}
