/* SPDX-License-Identifier: ISC
 *
 * The loop. The listener is in slot 0, and connection i in slot 1 + i. One wait lasts until
 * something can be done or the timeout of a connection passes.
 */
#include "deadlines.h"
#include "http.h"
#include "server.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SLOT_LISTENER, SLOT_CONNECTIONS };
enum { ACCEPTS_PER_TURN = 64, LOOK_FOR_SIGNALS_TURNS = 64 };

struct server {
    struct fdslots *s;
    const struct server_setup *setup;
    struct connection *connections;
    struct deadlines deadlines;
    int64_t now;       /* the time at the end of the last wait */
    int64_t accept_at; /* when to try accept again, or INT64_MAX */
};

/* ---- Connections ---- */

static void be_patient(struct server *server, uint32_t number)
{
    deadlines_set(&server->deadlines, number, server->now + server->setup->patience_ns);
}

static void resume_accepting(struct server *server)
{
    fdslots_resume_index(server->s, SLOT_LISTENER);
    server->accept_at = INT64_MAX;
}

static void close_connection(struct server *server, uint32_t number)
{
    connection_end(connection_at(server->connections, number));
    deadlines_remove(&server->deadlines, number);
    fdslots_close_index(server->s, SLOT_CONNECTIONS + number);
    resume_accepting(server);
}

/* Set the events that the connection waits for, or end it. */
static void set_interest(struct server *server, uint32_t number, uint32_t events)
{
    if (events != 0)
        fdslots_set_events(server->s, SLOT_CONNECTIONS + number, events);
    else
        close_connection(server, number);
}

static void serve(struct server *server, uint32_t number, int fd)
{
    bool progress = false;
    uint32_t events = connection_go_on(connection_at(server->connections, number), fd, &progress);
    if (progress)
        be_patient(server, number);
    set_interest(server, number, events);
}

static void time_out(struct server *server)
{
    uint32_t number;
    while (deadlines_first(&server->deadlines, &number) <= server->now) {
        be_patient(server, number); /* a new timeout, to send the response */
        int fd = fdslots_get_fd(server->s, SLOT_CONNECTIONS + number);
        set_interest(server, number,
                     connection_time_out(connection_at(server->connections, number), fd));
    }
    if (server->accept_at <= server->now)
        resume_accepting(server);
}

/* ---- The listener ---- */

static void add_connection(struct server *server, uint32_t index, int fd)
{
    uint32_t number = index - SLOT_CONNECTIONS;
    fdslots_set_index(server->s, index, fd, POLLIN);
    connection_start(connection_at(server->connections, number));
    be_patient(server, number);
    serve(server, number, fd); /* a request often arrives with the connection */
}

/* A connection that cannot be accepted keeps the listener ready, and the wait would spin. The
 * listener is therefore paused until a connection closes. If fds are short, other processes may
 * free some, so it is paused for at most a second. */
static void accept_connections(struct server *server, int listener)
{
    for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
        int64_t index = fdslots_next_free(server->s, SLOT_CONNECTIONS);
        if (index < 0) {
            fdslots_pause_index(server->s, SLOT_LISTENER);
            return;
        }
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            add_connection(server, (uint32_t)index, fd);
        } else if (errno == EAGAIN) {
            return;
        } else if (errno != ECONNABORTED && errno != EINTR) {
            fprintf(stderr, "http: accept: %s\n", strerror(errno));
            fdslots_pause_index(server->s, SLOT_LISTENER);
            server->accept_at = server->now + NS_PER_S;
            return;
        }
    }
}

static int open_listener(const struct server_setup *setup, uint16_t *port)
{
    *port = setup->port;
    int on = 1;
    int fd = listen_on(port, setup->all_addresses);
    /* Accepted connections inherit this. The end of a response must not wait for more data. */
    if (fd >= 0)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

/* ---- The loop ---- */

static int on_ready(void *arg, uint32_t index, int fd, uint32_t revents)
{
    struct server *server = arg;
    (void)revents; /* the read or the write returns what an error or a hang-up means */
    if (index == SLOT_LISTENER)
        accept_connections(server, fd);
    else
        serve(server, index - SLOT_CONNECTIONS, fd);
    return 0;
}

/* INT64_MAX, which means that there is none, equals FDSLOTS_FOREVER. */
static int64_t next_deadline(const struct server *server)
{
    uint32_t number;
    int64_t deadline = deadlines_first(&server->deadlines, &number);
    return server->accept_at < deadline ? server->accept_at : deadline;
}

static int loop(struct server *server)
{
    bool interrupted = true;
    for (uint32_t turn = 0;; turn++) {
        /* Ready slots win over a signal, but a signal must not wait until no slot is ready. */
        if ((interrupted || turn % LOOK_FOR_SIGNALS_TURNS == 0) && server->setup->ended())
            return 0;
        int n = fdslots_wait_until(server->s, next_deadline(server), server->setup->mask);
        interrupted = n == -EINTR;
        if (n < 0 && !interrupted)
            return n;
        server->now = now_ns();
        fdslots_iter_ready(server->s, on_ready, server);
        time_out(server);
    }
}

static int prepare(struct server *server)
{
    const struct server_setup *setup = server->setup;
    uint32_t count = setup->max_connections;
    server->connections = connections_create(count, setup->root, setup->stats);
    server->deadlines.entries = calloc(count, sizeof *server->deadlines.entries);
    int rc = fdslots_create(SLOT_CONNECTIONS + count, 0, &server->s);
    if (rc < 0)
        return rc;
    if (server->connections == NULL || server->deadlines.entries == NULL)
        return -ENOMEM;
    uint16_t port = 0;
    int listener = open_listener(setup, &port);
    if (listener < 0)
        return listener;
    fdslots_set_index(server->s, SLOT_LISTENER, listener, POLLIN);
    setup->ready(port);
    return 0;
}

int server_run(const struct server_setup *setup)
{
    struct server server = {.setup = setup, .now = now_ns(), .accept_at = INT64_MAX};
    int rc = prepare(&server);
    if (rc == 0)
        rc = loop(&server);
    fdslots_close_index(server.s, SLOT_LISTENER);
    for (int64_t i = 0; (i = fdslots_next_used(server.s, (uint32_t)i)) >= 0;)
        close_connection(&server, (uint32_t)i - SLOT_CONNECTIONS);
    fdslots_destroy(server.s);
    free(server.deadlines.entries);
    free(server.connections);
    return rc;
}
