/* SPDX-License-Identifier: ISC
 *
 * The server between clients and threads:
 *
 *     slot 0      the listener
 *          1      the waker, by which threads report that jobs are done
 *          2...   connections; number i is in slot 2 + i
 *
 * A client may go while its job runs. Its slot is then free for another client, but the job cannot
 * be stopped and ends later. A job therefore carries the generation of the slot, and its answer is
 * sent only if the slot still has that generation.
 */
#include "server.h"
#include "workers.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SLOT_LISTENER, SLOT_WAKER, SLOT_CONNECTIONS };

struct connection {
    bool working; /* a thread has its job */
    size_t in_length, out_start, out_length;
    char in[NAME_SIZE];
    char out[NAME_SIZE + 128]; /* one answer */
};

struct server {
    struct fdslots *s;
    struct pool *pool;
    uint16_t port;
    bool full; /* the listener is paused */
    uint32_t count;
    struct connection connections[];
};

static struct connection *connection_of(struct server *server, uint32_t index)
{
    return &server->connections[index - SLOT_CONNECTIONS];
}

/* ---- Coming and going ---- */

static void accept_one(struct server *server, int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        /* Without fds the listener would be ready for ever, so it is paused until a connection
         * closes. */
        if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR)
            server->full = fdslots_pause_index(server->s, SLOT_LISTENER) == 0;
        return;
    }
    /* There is a free slot, because otherwise the listener would be paused. */
    uint32_t index = (uint32_t)fdslots_next_free(server->s, SLOT_CONNECTIONS);
    struct connection *c = connection_of(server, index);
    c->working = false;
    c->in_length = c->out_start = c->out_length = 0;
    fdslots_set_index(server->s, index, fd, POLLIN);
    printf("slot %" PRIu32 ": connected\n", index);
    if (fdslots_next_free(server->s, SLOT_CONNECTIONS) < 0)
        server->full = fdslots_pause_index(server->s, SLOT_LISTENER) == 0;
}

static void close_connection(struct server *server, uint32_t index)
{
    struct connection *c = connection_of(server, index);
    printf("slot %" PRIu32 ": closed%s\n", index, c->working ? ", while its job runs" : "");
    fdslots_close_index(server->s, index); /* this changes the generation */
    if (server->full)
        fdslots_resume_index(server->s, SLOT_LISTENER);
    server->full = false;
}

/* ---- Jobs ---- */

/* Give the first line that was received to a thread, if it is complete. Returns false without
 * memory. */
static bool start_job(struct server *server, uint32_t index)
{
    struct connection *c = connection_of(server, index);
    char *end = memchr(c->in, '\n', c->in_length);
    if (end == NULL)
        return true;
    struct job *job = calloc(1, sizeof *job);
    if (job == NULL)
        return false;
    size_t length = (size_t)(end - c->in);
    memcpy(job->name, c->in, length);
    c->in_length -= length + 1;
    memmove(c->in, end + 1, c->in_length);
    job->index = index;
    job->generation = fdslots_get_generation(server->s, index);
    c->working = true;
    pool_give(server->pool, job);
    return true;
}

static void put_answer(struct connection *c, const struct job *job)
{
    int n = job->error < 0
                ? snprintf(c->out, sizeof c->out, "%s: %s\n", job->name, strerror(-job->error))
                : snprintf(c->out, sizeof c->out, "%" PRIu32 " %" PRIu64 " %s\n", job->checksum,
                           job->length, job->name);
    c->out_start = 0;
    c->out_length = n > 0 && (size_t)n < sizeof c->out ? (size_t)n : 0;
    c->working = false;
}

/* ---- A connection ---- */

static bool would_block(int err)
{
    return err == EAGAIN || err == EINTR;
}

/* Returns false if the client has gone or sends too long a line. */
static bool receive(struct connection *c, int fd)
{
    ssize_t n = recv(fd, c->in + c->in_length, sizeof c->in - c->in_length, 0);
    if (n < 0)
        return would_block(errno);
    c->in_length += (size_t)n;
    return n > 0 && (c->in_length < sizeof c->in || memchr(c->in, '\n', c->in_length) != NULL);
}

static bool send_answer(struct connection *c, int fd)
{
    ssize_t n = send(fd, c->out + c->out_start, c->out_length - c->out_start, MSG_NOSIGNAL);
    if (n < 0)
        return would_block(errno);
    c->out_start += (size_t)n;
    return true;
}

/* A client has one job at a time. Its further lines wait, in the end in the client itself.
 * Meanwhile, only its end is of interest. */
static void go_on(struct server *server, uint32_t index, int fd)
{
    struct connection *c = connection_of(server, index);
    bool alive = true;
    if (c->out_start < c->out_length)
        alive = send_answer(c, fd);
    if (alive && !c->working && c->out_start == c->out_length)
        alive = start_job(server, index);
    if (!alive)
        close_connection(server, index);
    else if (c->out_start < c->out_length)
        fdslots_set_events(server->s, index, POLLOUT | POLLRDHUP);
    else
        fdslots_set_events(server->s, index, c->working ? POLLRDHUP : POLLIN);
}

static void serve(struct server *server, uint32_t index, int fd, uint32_t revents)
{
    struct connection *c = connection_of(server, index);
    bool reading = !c->working && c->out_start == c->out_length;
    if (reading ? !receive(c, fd) : (revents & ~(uint32_t)POLLOUT) != 0)
        close_connection(server, index);
    else
        go_on(server, index, fd);
}

/* ---- The loop ---- */

static void take_done(struct server *server)
{
    /* Before the list is taken, so that a job that is done later wakes again. */
    fdslots_waker_drain(server->s);
    for (struct job *job = pool_take(server->pool), *next; job != NULL; job = next) {
        next = job->next;
        if (fdslots_get_generation(server->s, job->index) == job->generation) {
            put_answer(connection_of(server, job->index), job);
            go_on(server, job->index, fdslots_get_fd(server->s, job->index));
        } else {
            printf("slot %" PRIu32 ": a late answer was dropped\n", job->index);
        }
        free(job);
    }
}

static int on_ready(void *arg, uint32_t index, int fd, uint32_t revents)
{
    struct server *server = arg;
    if (index == SLOT_LISTENER)
        accept_one(server, fd);
    else if (index == SLOT_WAKER)
        take_done(server);
    else
        serve(server, index, fd, revents);
    return 0;
}

int server_run(struct server *server, const sigset_t *mask, bool (*ended)(void))
{
    while (!ended()) {
        int n = fdslots_wait(server->s, FDSLOTS_FOREVER, mask);
        if (n < 0 && n != -EINTR)
            return n;
        fdslots_iter_ready(server->s, on_ready, server);
    }
    return 0;
}

/* ---- Making and ending ---- */

static int prepare(struct server *server, uint32_t threads)
{
    int rc = fdslots_create(SLOT_CONNECTIONS + server->count, 0, &server->s);
    if (rc < 0)
        return rc;
    int listener = listen_on(&server->port, false);
    if (listener < 0)
        return listener;
    fdslots_set_index(server->s, SLOT_LISTENER, listener, POLLIN);
    rc = fdslots_waker_open(server->s, SLOT_WAKER);
    return rc < 0 ? rc : pool_create(threads, cksum, server->s, &server->pool);
}

int server_create(uint32_t connections, uint32_t threads, uint16_t port, struct server **out)
{
    struct server *server = calloc(1, sizeof *server + connections * sizeof server->connections[0]);
    if (server == NULL)
        return -ENOMEM;
    server->count = connections;
    server->port = port;
    int rc = prepare(server, threads);
    if (rc < 0)
        server_destroy(server);
    else
        *out = server;
    return rc;
}

uint16_t server_port(const struct server *server)
{
    return server->port;
}

void server_destroy(struct server *server)
{
    pool_destroy(server->pool); /* first, because its threads wake the buffer */
    for (int64_t i = -1; (i = fdslots_next_used(server->s, (uint32_t)(i + 1))) >= 0;)
        fdslots_close_index(server->s, (uint32_t)i);
    fdslots_destroy(server->s);
    free(server);
}
