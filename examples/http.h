/* SPDX-License-Identifier: ISC
 *
 * The parts of the http example. Functions return 0 or more on success and a negative errno value
 * on failure, as fdslots does; where it is said, the status of an HTTP answer instead.
 */
#ifndef HTTP_H
#define HTTP_H

#include <fdslots.h>

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* ---- http_request.c: bytes into a request ---- */

enum { REQUEST_SIZE = 8192 }; /* the most bytes of a request without its body */

struct request {
    bool head;       /* HEAD, not GET */
    bool keep_alive; /* the client may send another on this connection */
    char path[REQUEST_SIZE];
};

/* Returns the length of the request, 0 where there is more to come, or the negated status of the
 * answer that it deserves. The request is then filled as far as it was understood. */
int request_parse(struct request *request, const char *bytes, size_t length);

/* ---- http_file.c: a path into an open file ---- */

struct file {
    int fd;
    uint64_t size;
    time_t changed;
    const char *type;
};

/* Open what `path` names in the directory `root`, never anything outside. Returns the status of
 * the answer: with 200 there is a file to close. */
int file_open(struct file *file, int root, const char *path);

/* ---- http_response.c: the head of an answer, and the body of those without a file ---- */

enum { RESPONSE_HEAD_SIZE = 1024 + 3 * REQUEST_SIZE }; /* an encoded path may be in it */

/* Write into `out`, of at least RESPONSE_HEAD_SIZE bytes; returns the length. `file` is read only
 * where the status is 200. */
size_t response_write(char *out, int status, const struct request *request,
                      const struct file *file);

/* ---- http_connection.c: requests and answers on one connection; never waits ---- */

struct connection;

struct connection_stats {
    uint64_t requests, errors; /* answered; of these with a status of 400 or more */
    uint64_t bytes;            /* sent */
};

/* What a connection is to be waited for, or 0: it is over. */
struct connection *connections_create(uint32_t count, int root, struct connection_stats *stats);
struct connection *connection_at(struct connection *connections, uint32_t number);
void connection_start(struct connection *c);
/* Go on, on the non-blocking fd. *progress becomes true where the client deserves new patience. */
uint32_t connection_go_on(struct connection *c, int fd, bool *progress);
/* Patience has run out. */
uint32_t connection_time_out(struct connection *c, int fd);
/* Close what a connection has open besides its own fd. */
void connection_end(struct connection *c);

/* ---- http_server.c: the loop ---- */

struct server_setup {
    uint16_t port; /* 0: any that is free */
    bool all_addresses;
    uint32_t max_connections;
    int64_t patience_ns;
    int root;
    const sigset_t *mask; /* while waiting */
    bool (*ended)(void);  /* a signal came; makes a system call */
    void (*ready)(uint16_t port);
    struct connection_stats *stats;
};

int server_run(const struct server_setup *setup);

#endif
