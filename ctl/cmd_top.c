/* top: the live view, or the same as text. */
#include <curses.h>
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "command_table.h"
#include "host/os.h"
#include "board.h"
#include "board_batch.h"
#include "board_job.h"
#include "board_screen.h"
#include "board_view.h"
#include "print.h"
#include "style.h"
#include "target.h"
#include "terminal.h"
#include "text.h"

#define INTERVAL_S     1.0
#define ANSWER_MS      1500 /* of one look without a screen */
#define FIRST_PAUSE_MS 1000
#define NOTES          3
#define PAUSED_S       1e7

struct top {
  const struct xpf_invocation *invocation;
  struct xpf_board *board;
  struct xpf_board_jobs *jobs;
  struct xpf_terminal terminal;
  struct xpf_board_view view;
  int jobs_fd;
  struct xpf_board_row *rows; /* as drawn last: valid under the lock only */
  size_t rows_count;
};

static int fail(const struct xpf_invocation *invocation, struct xpf_verdict *verdict) {
  xpf_verdict_print(verdict, invocation->json);
  return verdict->status;
}

static int fail_local(const struct xpf_invocation *invocation, int error) {
  struct xpf_verdict verdict;
  xpf_verdict_set(&verdict, XPF_REASON_LOCAL, XPF_TEXT_TOP_FAILED, strerror(-error));
  return fail(invocation, &verdict);
}

static double interval_s(const struct xpf_invocation *invocation) {
  return xpf_options_has(&invocation->options, XPF_OPTION_DELAY)
             ? invocation->options.values[XPF_OPTION_DELAY].number
             : INTERVAL_S;
}

static int read_order(const struct xpf_invocation *invocation, struct xpf_board_order *order,
                      struct xpf_verdict *verdict) {
  const struct xpf_options *options = &invocation->options;
  struct xpf_suggest suggest;
  char sentence[256];

  *order = (struct xpf_board_order){.sort = XPF_BOARD_CPU};
  if (xpf_options_has(options, XPF_OPTION_FILTER))
    snprintf(order->filter, sizeof order->filter, "%s", options->values[XPF_OPTION_FILTER].text);
  if (!xpf_options_has(options, XPF_OPTION_SORT))
    return 0;
  const char *name = options->values[XPF_OPTION_SORT].text;
  order->sort = xpf_board_sort_find(name, &suggest);
  if (order->sort >= 0)
    return 0;
  const char *best = xpf_suggest_result(&suggest);
  snprintf(sentence, sizeof sentence, xpf_text(XPF_TEXT_TOP_BAD_SORT), name);
  if (best != NULL)
    xpf_verdict_set(verdict, XPF_REASON_USAGE, XPF_TEXT_DID_YOU_MEAN, sentence, best);
  else
    xpf_verdict_set_text(verdict, XPF_REASON_USAGE, sentence);
  return verdict->status;
}

/* ---- without a screen ---- */

static void pause_ms(double ms) {
  struct timespec time = {.tv_sec = (time_t)(ms / 1e3)};
  time.tv_nsec = (long)((ms - (double)time.tv_sec * 1e3) * 1e6);
  nanosleep(&time, NULL);
}

static int print_table(const struct xpf_invocation *invocation, struct xpf_board *board,
                       const struct xpf_board_order *order) {
  size_t count;
  struct xpf_board_process **processes = xpf_board_processes(board, &count);
  if (invocation->json)
    return xpf_board_batch_print_json(order, processes, count);
  if (count == 0) {
    xpf_print_line(stdout, "%s",
                   xpf_text(geteuid() == 0 ? XPF_TEXT_LIST_EMPTY : XPF_TEXT_LIST_EMPTY_USER));
    return 0;
  }
  bool ascii = xpf_options_has(&invocation->options, XPF_OPTION_ASCII);
  return xpf_board_batch_print(order, processes, count, !ascii && xpf_style_is_utf8());
}

static int run_batch(const struct xpf_invocation *invocation, struct xpf_board *board,
                     const struct xpf_board_order *order) {
  const struct xpf_options *options = &invocation->options;
  double wanted = options->values[XPF_OPTION_TIMES].number, ms = interval_s(invocation) * 1e3;
  bool once = xpf_options_has(options, XPF_OPTION_ONCE);
  bool for_ever = !once && !xpf_options_has(options, XPF_OPTION_TIMES);

  /* Rates need two looks. */
  int error = xpf_board_tick(board, ANSWER_MS);
  pause_ms(ms < FIRST_PAUSE_MS ? ms : FIRST_PAUSE_MS);
  for (double i = 0; error == 0 && (for_ever || i < (once ? 1 : wanted)); i++) {
    uint64_t began_ns = xpf_os_now_ns();
    if (i > 0 && !invocation->json)
      putchar('\n');
    error = xpf_board_tick(board, ms < ANSWER_MS ? (int)ms : ANSWER_MS);
    if (error == 0)
      error = print_table(invocation, board, order);
    if (fflush(stdout) != 0)
      break;
    double spent_ms = (double)(xpf_os_now_ns() - began_ns) / 1e6;
    if ((for_ever || i + 1 < (once ? 1 : wanted)) && spent_ms < ms)
      pause_ms(ms - spent_ms);
  }
  return error == 0 ? 0 : fail_local(invocation, error);
}

/* ---- the screen ---- */

/* Under the lock the picture is made in memory; the terminal, which may be slow, gets it after. */
static void draw(struct top *top) {
  struct xpf_board_note notes[NOTES];
  size_t notes_count = xpf_board_jobs_notes(top->jobs, notes, NOTES), processes_count;

  if (top->view.shows_help) {
    xpf_board_help_draw(&top->terminal);
    doupdate();
    return;
  }
  xpf_board_lock(top->board);
  struct xpf_board_process **processes = xpf_board_processes(top->board, &processes_count);
  free(top->rows);
  xpf_board_rows(&top->rows, &top->rows_count, &top->view.order, processes, processes_count);
  xpf_board_view_settle(&top->view, top->rows, top->rows_count,
                        xpf_board_screen_page(&top->view, notes_count));
  xpf_board_screen_draw(&(struct xpf_board_picture){
      .terminal = &top->terminal,
      .view = &top->view,
      .rows = top->rows,
      .rows_count = top->rows_count,
      .processes = processes,
      .processes_count = processes_count,
      .notes = notes,
      .notes_count = notes_count,
  });
  xpf_board_unlock(top->board);
  doupdate();
}

static void run_job(struct top *top, enum xpf_board_job_id job) {
  unsigned thread_id = top->view.selected_thread > 0 ? (unsigned)top->view.selected_thread : 0;
  int error = xpf_board_jobs_toggle(top->jobs, job, top->view.selected_pid, thread_id);
  if (error == -EBUSY)
    snprintf(top->view.message, sizeof top->view.message, "%s", xpf_text(XPF_TEXT_TOP_JOB_BUSY));
  else if (error != 0)
    snprintf(top->view.message, sizeof top->view.message, "%s", strerror(-error));
}

/* Rows are looked up anew under the lock: those that were drawn may be gone. False: the end. */
static bool take_key(struct top *top, int key) {
  enum xpf_board_job_id job = XPF_BOARD_JOB_CPU;
  size_t processes_count;

  xpf_board_lock(top->board);
  struct xpf_board_process **processes = xpf_board_processes(top->board, &processes_count);
  free(top->rows);
  xpf_board_rows(&top->rows, &top->rows_count, &top->view.order, processes, processes_count);
  xpf_board_view_settle(&top->view, top->rows, top->rows_count, top->view.page);
  enum xpf_board_action action =
      xpf_board_view_key(&top->view, key, top->rows, top->rows_count, &job);
  xpf_board_unlock(top->board);
  if (action == XPF_BOARD_INTERVAL)
    xpf_board_set_interval(top->board, top->view.is_paused ? PAUSED_S : top->view.interval_s);
  if (action == XPF_BOARD_RUN)
    run_job(top, job);
  return action != XPF_BOARD_QUIT;
}

static void drain(int fd) {
  char bytes[256];
  while (read(fd, bytes, sizeof bytes) > 0)
    continue;
}

static void loop(struct top *top) {
  struct pollfd polls[] = {
      {.fd = STDIN_FILENO, .events = POLLIN},
      {.fd = top->terminal.signal_fd, .events = POLLIN},
      {.fd = xpf_board_fd(top->board), .events = POLLIN},
      {.fd = top->jobs_fd, .events = POLLIN},
  };
  for (;;) {
    draw(top);
    int ready = poll(polls, sizeof polls / sizeof *polls, -1);
    if (ready < 0 && errno != EINTR)
      return;
    if (!xpf_terminal_attend(&top->terminal))
      return;
    for (int key = getch(); key != ERR; key = getch())
      if (!take_key(top, key))
        return;
    if ((polls[0].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0)
      return; /* the terminal is gone */
    drain(xpf_board_fd(top->board));
    drain(top->jobs_fd);
  }
}

static int fail_terminal(const struct xpf_invocation *invocation, int error) {
  struct xpf_verdict verdict;
  const char *type = getenv("TERM");
  if (error == -ENODEV)
    xpf_verdict_set(&verdict, XPF_REASON_USAGE, XPF_TEXT_TOP_BAD_TERMINAL,
                    type != NULL ? type : "");
  else if (error == -ENOTTY)
    xpf_verdict_set(&verdict, XPF_REASON_USAGE, XPF_TEXT_TOP_NO_TERMINAL);
  else
    return fail_local(invocation, error);
  return fail(invocation, &verdict);
}

/* What was made is worth more than a line of a screen that is no more. */
static void print_notes(struct top *top) {
  struct xpf_board_note notes[16];
  size_t count = xpf_board_jobs_notes(top->jobs, notes, 16);
  for (size_t i = 0; i < count; i++)
    xpf_print_line(stdout, "%s", notes[i].text);
}

static int run_screen(const struct xpf_invocation *invocation, struct xpf_board *board,
                      const struct xpf_board_order *order) {
  struct top top = {.invocation = invocation, .board = board};
  bool ascii = xpf_options_has(&invocation->options, XPF_OPTION_ASCII);

  int error = xpf_board_jobs_new(&top.jobs, &top.jobs_fd);
  if (error != 0)
    return fail_local(invocation, error);
  xpf_board_view_init(&top.view, order, interval_s(invocation));
  error = xpf_terminal_begin(&top.terminal, ascii);
  if (error == 0 && !xpf_style_is_utf8())
    xpf_text_set_chinese(false); /* it could not be shown */
  int begun = error == 0 ? xpf_board_begin(board) : 0;
  if (error == 0 && begun == 0)
    loop(&top);
  xpf_terminal_end();
  if (error == 0 && begun == 0)
    print_notes(&top);
  xpf_board_jobs_free(top.jobs);
  free(top.rows);
  if (error != 0)
    return fail_terminal(invocation, error);
  return begun == 0 ? 0 : fail_local(invocation, begun);
}

/* A process that is meant must be there; all others come and go. */
static int check_target(const struct xpf_invocation *invocation) {
  struct xpf_verdict verdict;
  struct xpf_client *client;
  if (invocation->pid == 0)
    return 0;
  int status = xpf_target_open(&client, invocation->pid, ANSWER_MS, &verdict);
  if (status == 0)
    xpf_client_close(client);
  else if (strcmp(verdict.reason, "timeout") != 0) /* hangs: that is worth watching */
    return fail(invocation, &verdict);
  return 0;
}

int xpf_cmd_top(const struct xpf_invocation *invocation) {
  const struct xpf_options *options = &invocation->options;
  struct xpf_board_order order;
  struct xpf_verdict verdict;
  struct xpf_board *board;
  bool is_batch = invocation->json || xpf_options_has(options, XPF_OPTION_ONCE) ||
                  xpf_options_has(options, XPF_OPTION_BATCH) ||
                  xpf_options_has(options, XPF_OPTION_TIMES);

  if (read_order(invocation, &order, &verdict) != 0)
    return fail(invocation, &verdict);
  int status = check_target(invocation);
  if (status != 0)
    return status;
  int error = xpf_board_new(&board, invocation->pid, interval_s(invocation));
  if (error != 0)
    return fail_local(invocation, error);
  status = is_batch ? run_batch(invocation, board, &order) : run_screen(invocation, board, &order);
  xpf_board_free(board);
  int signal = xpf_terminal_signal();
  if (!is_batch && signal != 0 && signal != SIGINT)
    raise(signal);
  return status;
}
