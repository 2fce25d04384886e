#include "host/freeze.h"
#include <errno.h>

#if defined(__x86_64__)
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include "host/freeze_signal_linux.h"

#define DEFAULT_TIMEOUT_MS 100
#define HELD_LIMIT_NS      (5ull * 1000 * 1000 * 1000)
#define ENTERED_LIMIT_NS   (100ull * 1000 * 1000)
#define SLICE_NS           (1ull * 1000 * 1000)
#define ROUNDS_MAX         8

struct seat {
  _Atomic uint64_t word;
  struct xpf_freeze_row row;
};

static struct {
  _Atomic uint32_t held; /* futex: the generation that stays stopped; 0 = none */
  _Atomic uint64_t held_until_ns;
  _Atomic(struct seat *) seats; /* never unmapped: a late handler may look at one */
  struct xpf_freeze_row *rows;
  uint32_t capacity, count, missed;
  uint64_t started_ns;
  sigset_t mask;
  struct xpf_freeze_call *call;
} hall;

/* In the handler: stays until released, or until whoever holds it must be dead. */
static void park(uint32_t generation, uint32_t index, const ucontext_t *context) {
  if (generation != atomic_load(&hall.held))
    return;
  struct seat *seat = &atomic_load(&hall.seats)[index];
  if (!xpf_freeze_move(&seat->word, generation, XPF_FREEZE_PENDING, XPF_FREEZE_ENTERED))
    return;
  seat->row.context = context;
  seat->row.pc = (uint64_t)context->uc_mcontext.gregs[REG_RIP];
  seat->row.sp = (uint64_t)context->uc_mcontext.gregs[REG_RSP];
  seat->row.state = XPF_FREEZE_STOPPED;
  xpf_freeze_bases(&seat->row.fs_base, &seat->row.gs_base);
  xpf_freeze_move(&seat->word, generation, XPF_FREEZE_ENTERED, XPF_FREEZE_DONE);
  xpf_freeze_announce();
  while (atomic_load(&hall.held) == generation) {
    uint64_t now = xpf_freeze_now_ns(), until = atomic_load(&hall.held_until_ns);
    if (now >= until)
      break;
    xpf_freeze_futex_wait(&hall.held, generation, until - now);
  }
}

static void *map_table(size_t bytes) {
  void *memory =
      mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  return memory == MAP_FAILED ? NULL : memory;
}

/* As many seats as the listing has room for. Old seats stay mapped; doubling bounds them. */
static int reserve(uint32_t capacity) {
  if (capacity <= hall.capacity)
    return 0;
  struct seat *seats = map_table(capacity * sizeof *seats);
  struct xpf_freeze_row *rows = map_table(capacity * sizeof *rows);
  if (!seats || !rows) {
    if (seats)
      munmap(seats, capacity * sizeof *seats);
    if (rows)
      munmap(rows, capacity * sizeof *rows);
    return -ENOMEM;
  }
  if (hall.rows)
    munmap(hall.rows, hall.capacity * sizeof *rows);
  hall.rows = rows;
  hall.capacity = capacity;
  atomic_store(&hall.seats, seats);
  return 0;
}

static bool has_seat(pid_t tid) {
  for (uint32_t i = 0; i < hall.count; i++)
    if (hall.seats[i].row.tid == tid)
      return true;
  return false;
}

/* Looks whether the thread would hear the signal. */
static void examine(struct xpf_freeze_row *row) {
  struct xpf_freeze_task task;
  if (xpf_freeze_task_read(hall.call->tasks_fd, row->tid, &task) != 0)
    row->state = XPF_FREEZE_GONE;
  else if (xpf_freeze_is_deaf(hall.call, &task))
    row->state = XPF_FREEZE_BLOCKED;
  else
    row->state = XPF_FREEZE_TIMEOUT; /* until it stops */
}

/* Seats for the threads of the list that have none. Returns the first new index. */
static uint32_t seat_newcomers(int listed) {
  uint32_t first = hall.count;
  hall.missed = 0;
  for (int i = 0; i < listed; i++) {
    pid_t tid = hall.call->tids[i];
    if (tid == hall.call->self || has_seat(tid))
      continue;
    if (hall.count == hall.capacity) {
      hall.missed++;
      continue;
    }
    struct seat *seat = &hall.seats[hall.count];
    memset(&seat->row, 0, sizeof seat->row);
    seat->row.tid = tid;
    atomic_store(&seat->word, XPF_FREEZE_WORD(hall.call->generation, XPF_FREEZE_IDLE));
    examine(&seat->row);
    hall.count++;
  }
  return first;
}

/* Sends to those from `first` on that would hear. Returns how many. */
static uint32_t stop_seats(uint32_t first) {
  uint32_t sent = 0;
  for (uint32_t i = first; i < hall.count; i++) {
    struct seat *seat = &hall.seats[i];
    uint32_t generation = hall.call->generation;
    if (seat->row.state != XPF_FREEZE_TIMEOUT ||
        !xpf_freeze_move(&seat->word, generation, XPF_FREEZE_IDLE, XPF_FREEZE_PENDING))
      continue;
    int error = xpf_freeze_send(hall.call, seat->row.tid, i);
    sent += error == 0;
    if (error == 0)
      continue;
    xpf_freeze_move(&seat->word, generation, XPF_FREEZE_PENDING, XPF_FREEZE_GIVEN_UP);
    seat->row.state = error == -ESRCH ? XPF_FREEZE_GONE : XPF_FREEZE_UNREACHABLE;
  }
  return sent;
}

static enum xpf_freeze_progress progress_of(const struct seat *seat) {
  return (enum xpf_freeze_progress)(uint32_t)atomic_load(&seat->word);
}

/* Gives up what ended or will not hear, and after the deadline all that have not entered. */
static void give_up(bool is_late) {
  for (uint32_t i = 0; i < hall.count; i++) {
    struct seat *seat = &hall.seats[i];
    struct xpf_freeze_row look = {.tid = hall.seats[i].row.tid};
    if (progress_of(seat) != XPF_FREEZE_PENDING)
      continue;
    examine(&look);
    if ((is_late || look.state != XPF_FREEZE_TIMEOUT) &&
        xpf_freeze_move(&seat->word, hall.call->generation, XPF_FREEZE_PENDING,
                        XPF_FREEZE_GIVEN_UP))
      seat->row.state = look.state;
  }
}

static bool is_waiting(void) {
  for (uint32_t i = 0; i < hall.count; i++) {
    enum xpf_freeze_progress progress = progress_of(&hall.seats[i]);
    if (progress == XPF_FREEZE_PENDING || progress == XPF_FREEZE_ENTERED)
      return true;
  }
  return false;
}

/* A handler of an earlier call is still about to write into its seat. */
static bool is_haunted(void) {
  for (uint32_t i = 0; i < hall.count; i++)
    if (progress_of(&hall.seats[i]) == XPF_FREEZE_ENTERED)
      return true;
  return false;
}

static void await_seats(uint64_t deadline_ns) {
  uint64_t looked_ns = xpf_freeze_now_ns();
  for (;;) {
    uint32_t seen = atomic_load(hall.call->arrivals);
    if (!is_waiting())
      return;
    xpf_freeze_futex_wait(hall.call->arrivals, seen, SLICE_NS);
    uint64_t now = xpf_freeze_now_ns();
    if (now > looked_ns + SLICE_NS) {
      give_up(now > deadline_ns);
      looked_ns = now;
    }
    if (now > deadline_ns + ENTERED_LIMIT_NS)
      return;
  }
}

/* Those that could not be asked because they blocked the signal may have opened since. */
static void reconsider(void) {
  for (uint32_t i = 0; i < hall.count; i++)
    if (hall.seats[i].row.state == XPF_FREEZE_BLOCKED &&
        progress_of(&hall.seats[i]) == XPF_FREEZE_IDLE)
      examine(&hall.seats[i].row);
}

static void publish(struct xpf_freeze_all *out) {
  for (uint32_t i = 0; i < hall.count; i++) {
    struct xpf_freeze_row *row = &hall.rows[i];
    *row = hall.seats[i].row;
    if (progress_of(&hall.seats[i]) == XPF_FREEZE_DONE)
      continue;
    struct xpf_freeze_place place;
    xpf_freeze_task_place(hall.call->tasks_fd, row->tid, &place);
    if (row->state == XPF_FREEZE_STOPPED)
      row->state = XPF_FREEZE_TIMEOUT; /* still entering */
    row->context = NULL;
    row->pc = place.pc;
    row->sp = place.sp;
  }
  out->rows = hall.rows;
  out->count = hall.count;
  out->missed = hall.missed;
  out->started_ns = hall.started_ns;
}

int xpf_freeze_all(uint32_t timeout_ms, struct xpf_freeze_all *out) {
  sigset_t all;
  int listed = xpf_freeze_begin(park, &hall.call);
  int result = listed < 0 ? listed : is_haunted() ? -EBUSY : reserve(hall.call->capacity);
  if (result < 0) {
    if (listed >= 0)
      xpf_freeze_end(hall.call);
    return result;
  }
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &hall.mask);
  hall.count = 0;
  seat_newcomers(listed);
  hall.started_ns = xpf_freeze_now_ns();
  uint64_t deadline_ns =
      hall.started_ns + (timeout_ms ? timeout_ms : DEFAULT_TIMEOUT_MS) * 1000000ull;
  atomic_store(&hall.held_until_ns, hall.started_ns + HELD_LIMIT_NS);
  atomic_store(&hall.held, hall.call->generation);
  for (int round = 0; round < ROUNDS_MAX; round++) {
    uint32_t sent = stop_seats(0);
    await_seats(deadline_ns);
    if (round > 0 && sent == 0)
      break;
    listed = xpf_freeze_list(hall.call);
    if (listed > 0)
      seat_newcomers(listed);
    reconsider();
  }
  publish(out);
  return 0;
}

uint64_t xpf_freeze_release(void) {
  atomic_store(&hall.held, 0);
  xpf_freeze_futex_wake(&hall.held);
  uint64_t stopped_ns = xpf_freeze_now_ns() - hall.started_ns;
  xpf_freeze_end(hall.call);
  pthread_sigmask(SIG_SETMASK, &hall.mask, NULL);
  return stopped_ns;
}

#else
int xpf_freeze_all(uint32_t timeout_ms, struct xpf_freeze_all *out) {
  (void)timeout_ms, (void)out;
  return -ENOTSUP;
}
uint64_t xpf_freeze_release(void) {
  return 0;
}
#endif
