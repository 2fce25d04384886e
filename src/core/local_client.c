#include "core/local_client.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/command.h"
#include "core/core.h"
#include "wire/reply.h"
#include "xpf_protocol.h"

#define LOCAL_BIT (1ull << 63)

struct xpf_local_client {
  struct xpf_local_client *next;
  uint64_t id;
  unsigned refs; /* of the list and of a posted task */
  struct xpf_thread *thread;
  void (*on_message)(void *arg); /* NULL once the thread has ended */
  void *arg;
  struct xpf_local_message *first, **tail;
  struct xpf_local_message *spare; /* says that an answer got lost; NULL while it is on its way */
  struct xpf_task task;
  bool is_posted, watches_files;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of all below and of every client */
static struct xpf_local_client *clients;
static uint64_t last_id;

static void message_free(struct xpf_local_message *message) {
  free(message->line);
  free(message->data);
  free(message);
}

/* What there was no memory to say is said so: somebody waits for it. NULL when there is none. */
static struct xpf_local_message *spare_new(void) {
  struct xpf_local_message *message = calloc(1, sizeof *message);
  struct xpf_fault fault;

  xpf_fault_set(&fault, XPF_RPC_INTERNAL, "", "out of memory");
  if (message && (message->line = xpf_reply_error(NULL, &fault, NULL)) == NULL) {
    free(message);
    message = NULL;
  }
  return message;
}

static void client_unref(struct xpf_local_client *client) {
  pthread_mutex_lock(&lock);
  bool last = --client->refs == 0;
  pthread_mutex_unlock(&lock);
  if (!last)
    return;
  struct xpf_local_message *message;
  while ((message = client->first) != NULL) {
    client->first = message->next;
    message_free(message);
  }
  if (client->spare)
    message_free(client->spare);
  xpf_thread_unref(client->thread);
  free(client);
}

/* ---- to the JS thread ------------------------------------------------------------------------ */

static void run_task(struct xpf_task *task, struct xpf_thread *thread) {
  struct xpf_local_client *client =
      (struct xpf_local_client *)((char *)task - offsetof(struct xpf_local_client, task));
  (void)thread;
  pthread_mutex_lock(&lock);
  client->is_posted = false;
  pthread_mutex_unlock(&lock);
  if (client->on_message)
    client->on_message(client->arg);
  client_unref(client);
}

static void cancel_task(struct xpf_task *task, const char *reason) {
  (void)reason;
  client_unref((struct xpf_local_client *)((char *)task - offsetof(struct xpf_local_client, task)));
}

/* Under the lock. */
static struct xpf_local_client *find(uint64_t id) {
  struct xpf_local_client *client = clients;
  while (client && client->id != id)
    client = client->next;
  return client;
}

bool xpf_local_client_is(uint64_t client_id) {
  return (client_id & LOCAL_BIT) != 0;
}

/* Under the lock. */
static struct xpf_local_message *take_spare(struct xpf_local_client *client) {
  struct xpf_local_message *spare = client ? client->spare : NULL;
  if (spare)
    client->spare = NULL;
  return spare;
}

static void enqueue(uint64_t client_id, struct xpf_local_message *message, bool *is_taken) {
  pthread_mutex_lock(&lock);
  struct xpf_local_client *client = find(client_id);
  if (!message)
    message = take_spare(client);
  else if (client && !client->spare)
    client->spare = spare_new(); /* the last one is on its way */
  bool must_post = client && message && !client->is_posted;
  *is_taken = client != NULL;
  if (client && message) {
    *client->tail = message;
    client->tail = &message->next;
    client->is_posted = true;
    client->refs += must_post;
    message = NULL;
  }
  pthread_mutex_unlock(&lock);
  if (message)
    message_free(message);
  if (must_post && xpf_thread_post(client->thread, &client->task) != 0)
    client_unref(client); /* the thread has ended */
}

bool xpf_local_client_deliver(uint64_t client_id, char *take_line, char *take_data, size_t size) {
  struct xpf_local_message *message = take_line ? calloc(1, sizeof *message) : NULL;
  bool is_taken;
  if (message) {
    message->line = take_line;
    message->data = take_data;
    message->size = size;
  } else {
    free(take_line);
    free(take_data);
  }
  enqueue(client_id, message, &is_taken);
  return is_taken;
}

void xpf_local_clients_tell(char *(*make)(void *arg), void *arg) {
  for (uint64_t after = 0;;) {
    uint64_t id = 0; /* the lowest of those who watch, above the one before */
    pthread_mutex_lock(&lock);
    for (struct xpf_local_client *client = clients; client; client = client->next)
      if (client->watches_files && client->id > after && (id == 0 || client->id < id))
        id = client->id;
    pthread_mutex_unlock(&lock);
    if (id == 0)
      return;
    char *line = make(arg);
    if (line) /* news that there was no memory for; nobody waits for them */
      xpf_local_client_deliver(id, line, NULL, 0);
    after = id;
  }
}

/* ---- to the core ----------------------------------------------------------------------------- */

struct request {
  struct xpf_call call;
  uint64_t client_id;
  size_t size;
  char line[];
};

static void run_request(struct xpf_call *call) {
  struct request *request = (struct request *)call;
  if (xpf_core_is_here()) /* else it has stopped meanwhile, and so have all threads */
    xpf_command_dispatch(request->client_id, request->line, request->size);
  free(request);
}

int xpf_local_client_send(struct xpf_local_client *client, const char *line, size_t size) {
  if (!xpf_core_is_running())
    return -ESRCH;
  struct request *request = malloc(sizeof *request + size + 1);
  if (!request)
    return -ENOMEM;
  request->call.run = run_request;
  request->client_id = client->id;
  request->size = size;
  memcpy(request->line, line, size);
  request->line[size] = '\0';
  xpf_core_post(&request->call);
  return 0;
}

/* ---- on the JS thread ------------------------------------------------------------------------ */

struct xpf_local_message *xpf_local_client_take(struct xpf_local_client *client) {
  pthread_mutex_lock(&lock);
  struct xpf_local_message *message = client->first;
  if (message) {
    client->first = message->next;
    if (!client->first)
      client->tail = &client->first;
  }
  pthread_mutex_unlock(&lock);
  return message;
}

uint64_t xpf_local_client_id(const struct xpf_local_client *client) {
  return client->id;
}

void xpf_local_client_watch_files(struct xpf_local_client *client, bool wants) {
  pthread_mutex_lock(&lock);
  client->watches_files = wants;
  pthread_mutex_unlock(&lock);
}

struct xpf_local_client *xpf_local_client_new(struct xpf_thread *thread,
                                              void (*on_message)(void *arg), void *arg) {
  struct xpf_local_client *client = calloc(1, sizeof *client);
  if (!client)
    return NULL;
  client->refs = 1;
  client->spare = spare_new();
  if (!client->spare) {
    free(client);
    return NULL;
  }
  client->thread = xpf_thread_ref(thread);
  client->on_message = on_message;
  client->arg = arg;
  client->tail = &client->first;
  client->task.run = run_task;
  client->task.cancel = cancel_task;
  client->task.needs_loop = true;
  pthread_mutex_lock(&lock);
  client->id = LOCAL_BIT | ++last_id;
  client->next = clients;
  clients = client;
  pthread_mutex_unlock(&lock);
  return client;
}

void xpf_local_client_free(struct xpf_local_client *client) {
  pthread_mutex_lock(&lock);
  struct xpf_local_client **link = &clients;
  while (*link != client)
    link = &(*link)->next;
  *link = client->next;
  client->on_message = NULL;
  pthread_mutex_unlock(&lock);
  client_unref(client);
}
