/* SPDX-License-Identifier: ISC
 *
 * A TCP echo server on one buffer of slots. The index of a slot says what the slot is for, and
 * leads to the state of a connection without a search:
 *
 *     slot  0, 1   the listeners, for IPv4 and IPv6
 *           2      signals, if the wait takes no mask
 *           3      the fd that ends the server
 *           4...   connections; number i is in slot 4 + i
 *
 * A connection asks for the events that it can use: POLLIN while its buffer has room, and POLLOUT
 * while data is kept in it. A peer that sends but does not read is therefore no longer read from,
 * and costs nothing.
 */
#include "echo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { SLOT_LISTENERS = 0, SLOT_SIGNALS = FAMILIES, SLOT_UNTIL, SLOT_CONNECTIONS };

enum {
    BUFFER_SIZE = 4096,
    ACCEPTS_PER_TURN = 64, /* after that, it is the connections' turn */
    RETRY_SECONDS = 1,     /* after a failed accept */
    SIGNAL_CHECK_TURNS = 64,
};

struct connection {
    uint32_t start, end; /* the data that is still to be sent back */
    bool peer_done;      /* the peer sends no more */
    char data[BUFFER_SIZE];
};

struct server {
    struct fdslots *s;
    const struct server_setup *setup;
    struct server_stats *stats;

    struct connection *connections;
    bool paused;     /* whether the listeners are paused */
    int64_t retry_s; /* when to try again, or 0 to wait until a connection closes */
    bool done;
};

static int64_t now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec;
}

/* ---- Listeners ---- */

/* It does not matter which family is missing, because an empty slot only returns -ENOENT. */
static void pause_listeners(struct server *server, int64_t retry_s)
{
    for (uint32_t i = 0; i < FAMILIES; i++)
        fdslots_pause_index(server->s, SLOT_LISTENERS + i);
    server->paused = true;
    server->retry_s = retry_s;
}

static void resume_listeners(struct server *server)
{
    for (uint32_t i = 0; i < FAMILIES; i++)
        fdslots_resume_index(server->s, SLOT_LISTENERS + i);
    server->paused = false;
    server->retry_s = 0;
}

static void add_connection(struct server *server, uint32_t index, int fd)
{
    struct connection *c = &server->connections[index - SLOT_CONNECTIONS];
    c->start = c->end = 0;
    c->peer_done = false;
    fdslots_set_index(server->s, index, fd, POLLIN);
    server->stats->connections++;
    if (++server->stats->open > server->stats->most_open)
        server->stats->most_open = server->stats->open;
}

/* If accept fails, the listener stays ready, and the wait would spin. The listener is therefore
 * paused until a connection closes, which frees an fd, or for a while. */
static void accept_failed(struct server *server, int err)
{
    if (server->stats->accept_errors++ == 0)
        complain("accept (will be tried again)", -err);
    /* 1 more, because the current second is partly over */
    pause_listeners(server, now_s() + RETRY_SECONDS + 1);
}

static void accept_connections(struct server *server, int listener)
{
    for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
        int64_t index = fdslots_next_free(server->s, SLOT_CONNECTIONS);
        if (index < 0) {
            pause_listeners(server, 0);
            return;
        }
        server->stats->accepts++;
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            add_connection(server, (uint32_t)index, fd);
        } else if (errno == EAGAIN) {
            return;
        } else if (errno != ECONNABORTED && errno != EINTR) {
            accept_failed(server, errno);
            return;
        }
    }
}

/* ---- Connections ---- */

static void close_connection(struct server *server, uint32_t number)
{
    server->stats->closes++;
    fdslots_close_index(server->s, SLOT_CONNECTIONS + number);
    server->stats->open--;
    if (server->paused)
        resume_listeners(server);
}

static bool would_block(int err)
{
    return err == EAGAIN || err == EINTR;
}

/* Returns false if the connection is broken. */
static bool receive(struct server *server, struct connection *c, int fd)
{
    server->stats->reads++;
    ssize_t n = recv(fd, c->data + c->end, BUFFER_SIZE - c->end, 0);
    if (n < 0)
        return would_block(errno);
    c->end += (uint32_t)n;
    c->peer_done = n == 0;
    return true;
}

static bool send_back(struct server *server, struct connection *c, int fd)
{
    bool kept = c->start > 0;
    server->stats->writes++;
    ssize_t n = send(fd, c->data + c->start, c->end - c->start, MSG_NOSIGNAL);
    if (n < 0 && !would_block(errno))
        return false;
    if (n > 0) {
        c->start += (uint32_t)n;
        server->stats->bytes += (uint64_t)n;
    }
    if (c->start == c->end)
        c->start = c->end = 0;
    else if (!kept)
        server->stats->slow_peers++;
    return true;
}

/* Ask for the events that the connection can use from now on. */
static void set_interest(struct server *server, const struct connection *c, uint32_t index)
{
    bool can_read = !c->peer_done && c->end < BUFFER_SIZE;
    bool must_write = c->start < c->end;
    uint32_t events = (can_read ? POLLIN : 0u) | (must_write ? POLLOUT : 0u);
    if (!can_read && (fdslots_get_events(server->s, index) & POLLIN) != 0 && !c->peer_done)
        server->stats->not_reading++;
    fdslots_set_events(server->s, index, events);
}

static void serve_connection(struct server *server, uint32_t index, int fd, uint32_t revents)
{
    uint32_t number = index - SLOT_CONNECTIONS;
    struct connection *c = &server->connections[number];
    bool alive = true;
    /* POLLERR and POLLHUP come without being asked for. The read or the write returns what they
     * mean. */
    if ((revents & ~(uint32_t)POLLOUT) != 0 && !c->peer_done && c->end < BUFFER_SIZE)
        alive = receive(server, c, fd);
    if (alive && c->start < c->end)
        alive = send_back(server, c, fd);
    if (!alive || (c->peer_done && c->start == c->end))
        close_connection(server, number);
    else
        set_interest(server, c, index);
}

/* ---- The loop ---- */

static int on_ready(void *arg, uint32_t index, int fd, uint32_t revents)
{
    struct server *server = arg;
    if (index >= SLOT_CONNECTIONS)
        serve_connection(server, index, fd, revents);
    else if (index < SLOT_SIGNALS)
        accept_connections(server, fd);
    else
        server->done = true;
    return 0;
}

static int wait_once(struct server *server)
{
    const struct server_setup *setup = server->setup;
    static const struct timespec retry = {.tv_sec = RETRY_SECONDS};
    server->stats->waits++;
    int n =
        setup->waiter->wait(server->s, server->retry_s != 0 ? &retry : NULL, setup->signals->mask);
    if (server->retry_s != 0 && now_s() >= server->retry_s)
        resume_listeners(server);
    return n;
}

/* Ready slots win over a signal. While some slot is always ready, the mask would never let in a
 * blocked signal. */
static void look_for_signals(struct server *server)
{
    if (server->setup->signals->mask == NULL || server->stats->waits % SIGNAL_CHECK_TURNS != 0)
        return;
    server->stats->signal_checks++;
    signals_check();
}

static int serve(struct server *server)
{
    while (!server->done && signals_caught() == 0) {
        int n = wait_once(server);
        if (n == -EINTR)
            continue; /* the loop checks for the signal */
        if (n < 0)
            return complain("wait", n);
        fdslots_iter_ready(server->s, on_ready, server);
        look_for_signals(server);
    }
    return 0;
}

static int set_slots(struct server *server)
{
    const struct server_setup *setup = server->setup;
    uint32_t listening = POLLIN | (setup->exclusive ? FDSLOTS_EXCLUSIVE : 0u);
    int rc = 0;
    /* An fd of -1 leaves its slot empty. */
    for (uint32_t i = 0; i < FAMILIES && rc == 0; i++)
        rc = fdslots_set_index(server->s, SLOT_LISTENERS + i, setup->listeners->fd[i], listening);
    if (rc == 0)
        rc = fdslots_set_index(server->s, SLOT_SIGNALS, setup->signals->fd, POLLIN);
    if (rc == 0)
        rc = fdslots_set_index(server->s, SLOT_UNTIL, setup->until_fd, POLLIN);
    return rc < 0 ? complain("slots", rc) : 0;
}

static void close_all(struct server *server)
{
    int64_t index = fdslots_next_used(server->s, SLOT_CONNECTIONS);
    while (index >= 0) {
        close_connection(server, (uint32_t)index - SLOT_CONNECTIONS);
        index = fdslots_next_used(server->s, (uint32_t)index);
    }
}

int server_run(const struct server_setup *setup, struct server_stats *stats)
{
    struct server server = {.setup = setup, .stats = stats};
    /* Untouched memory of a large array costs nothing, and neither does a slot that was never
     * used. */
    server.connections = calloc(setup->max_connections, sizeof *server.connections);
    int rc = fdslots_create(SLOT_CONNECTIONS + setup->max_connections, 0, &server.s);
    if (rc == 0 && server.connections == NULL)
        rc = -ENOMEM;
    if (rc < 0)
        complain("server", rc);
    if (rc == 0)
        rc = set_slots(&server);
    if (rc == 0) {
        rc = serve(&server);
        close_all(&server);
    }
    fdslots_destroy(server.s);
    free(server.connections);
    return rc;
}

uint64_t server_system_calls(const struct server_stats *stats)
{
    return stats->waits + stats->accepts + stats->reads + stats->writes + stats->closes +
           stats->signal_checks;
}
