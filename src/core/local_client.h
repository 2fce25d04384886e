/* The process as a client of its own commands: what lib/ asks goes through the same dispatch as
 * what comes through the socket, and the lines that would be sent come back to the JS thread that
 * asked. One client a JS thread; its id is no id of the server's. */
#ifndef XPF_CORE_LOCAL_CLIENT_H
#define XPF_CORE_LOCAL_CLIENT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/thread.h"

struct xpf_local_client;

/* A line from the core, with the bytes of a file that was made in memory. free() both. */
struct xpf_local_message {
  struct xpf_local_message *next;
  char *line;
  char *data; /* NULL when there are none */
  size_t size;
};

/* [js] on_message(arg) runs on the thread, by its event loop, when there are messages to take. NULL
 * when out of memory. */
struct xpf_local_client *xpf_local_client_new(struct xpf_thread *thread,
                                              void (*on_message)(void *arg), void *arg);
/* [js] The thread ends: what comes later is dropped. */
void xpf_local_client_free(struct xpf_local_client *client);
/* [js] One request (protocol.md). -ESRCH when the core does not run; -ENOMEM. */
int xpf_local_client_send(struct xpf_local_client *client, const char *line, size_t size);
uint64_t xpf_local_client_id(const struct xpf_local_client *client); /* [js] */
/* [js] The next message, the caller's; NULL when there is none. */
struct xpf_local_message *xpf_local_client_take(struct xpf_local_client *client);
/* [js] It wants a notification `written` for every file the process has made. */
void xpf_local_client_watch_files(struct xpf_local_client *client, bool wants);

/* [any] */
bool xpf_local_client_is(uint64_t client_id);
/* [any] Takes the line and the data. False when the client is gone. NULL, or no memory to deliver
 * it: the client gets an error without an id instead, which is about all it waits for. */
bool xpf_local_client_deliver(uint64_t client_id, char *take_line, char *take_data, size_t size);
/* [core] Tells those who watch. make() gives a line for each. */
void xpf_local_clients_tell(char *(*make)(void *arg), void *arg);
#endif
