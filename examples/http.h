/* SPDX-License-Identifier: ISC
 *
 * The parts of the http example. Functions return 0 or more on success and a negative errno value
 * on failure, as fdslots does. Some return the status of an HTTP response instead, and say so.
 */
#ifndef HTTP_H
#define HTTP_H

#include <fdslots.h>

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* ---- http_request.c: parses bytes into a request ---- */

enum { REQUEST_SIZE = 8192 }; /* largest size of a request without its body, in bytes */

struct request {
    bool head;       /* the client may send another request on this connection */
    bool keep_alive; /* the client may send another on this connection */
    char path[REQUEST_SIZE];
};

/* Returns the length of the request, 0 if more must come, or the negated status of the error
 * response. `request` is filled as far as it was understood. */
int request_parse(struct request *request, const char *bytes, size_t length);

/* ---- http_file.c: opens the file of a path ---- */

struct file {
    int fd;
    uint64_t size;
    time_t changed;
    const char *type;
};

/* Open the file that `path` names in the directory `root`, and never anything outside. Returns the
 * status of the response. With 200 there is a file to close. */
int file_open(struct file *file, int root, const char *path);

/* ---- http_response.c: the head of a response, and the body if there is no file ---- */

enum { RESPONSE_HEAD_SIZE = 1024 + 3 * REQUEST_SIZE }; /* it may contain an encoded path */

/* Write into `out`, which has at least RESPONSE_HEAD_SIZE bytes. Returns the length. `file` is read
 * only if the status is 200. */
size_t response_write(char *out, int status, const struct request *request,
                      const struct file *file);

/* ---- http_connection.c: requests and responses on one connection; never waits ---- */

struct connection;

struct connection_stats {
    uint64_t requests, errors; /* answered requests, and those with a status of 400 or more */
    uint64_t bytes;            /* sent */
};

/* connection_go_on() and connection_time_out() return the events to wait for, or 0 if the
 * connection is over. */
struct connection *connections_create(uint32_t count, int root, struct connection_stats *stats);
struct connection *connection_at(struct connection *connections, uint32_t number);
void connection_start(struct connection *c);
/* Serve the connection, whose fd is non-blocking. *progress becomes true if the client gets a new
 * timeout. */
uint32_t connection_go_on(struct connection *c, int fd, bool *progress);
/* The timeout has passed. */
uint32_t connection_time_out(struct connection *c, int fd);
/* Close everything that a connection has open except its own fd. */
void connection_end(struct connection *c);

/* ---- http_server.c: the loop ---- */

struct server_setup {
    uint16_t port; /* 0 for any free port */
    bool all_addresses;
    uint32_t max_connections;
    int64_t patience_ns;
    int root;
    const sigset_t *mask; /* mask for the wait */
    bool (*ended)(void);  /* whether a signal came; makes a system call */
    void (*ready)(uint16_t port);
    struct connection_stats *stats;
};

int server_run(const struct server_setup *setup);

#endif
