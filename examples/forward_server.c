/* SPDX-License-Identifier: ISC
 *
 * The loop. The listener is in slot 0, and every pair of connections has two slots, for the client
 * and for the target. One wait lasts until something can be done or a pair has been idle for too
 * long.
 */
#include "deadlines.h"
#include "forward.h"
#include "server.h"

#include <fdslots.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SLOT_LISTENER, SLOT_PAIRS };
enum side { CLIENT, TARGET, SIDES };
enum { ACCEPTS_PER_TURN = 64, LOOK_FOR_SIGNALS_TURNS = 64 };

struct pair {
    bool connecting;           /* the connection to the target is in progress */
    struct stream from[SIDES]; /* data that was read from each side, for the other one */
};

struct server {
    struct fdslots *s;
    struct forwarding *f;
    struct pair *pairs;
    struct deadlines deadlines; /* deadlines of the pairs */
    int64_t now;                /* the time at the end of the last wait */
    int64_t accept_at;          /* when to try accept again, or INT64_MAX */
};

static uint32_t slot_of(uint32_t number, enum side side)
{
    return SLOT_PAIRS + number * SIDES + side;
}

static enum side other(enum side side)
{
    return side == CLIENT ? TARGET : CLIENT;
}

/* ---- A pair ---- */

static void be_patient(struct server *server, uint32_t number)
{
    deadlines_set(&server->deadlines, number, server->now + server->f->patience_ns);
}

static void resume_accepting(struct server *server)
{
    fdslots_resume_index(server->s, SLOT_LISTENER);
    server->accept_at = INT64_MAX;
}

static void close_pair(struct server *server, uint32_t number)
{
    deadlines_remove(&server->deadlines, number);
    fdslots_close_index(server->s, slot_of(number, CLIENT));
    fdslots_close_index(server->s, slot_of(number, TARGET));
    resume_accepting(server);
}

/* Set the events that a side waits for. If there are none, the slot is paused, because POLLHUP and
 * POLLERR would otherwise end every wait. */
static void set_interest(struct server *server, uint32_t number, enum side side)
{
    const struct pair *pair = &server->pairs[number];
    bool is_up = side == CLIENT || !pair->connecting;
    bool reads = is_up && stream_wants_to_read(&pair->from[side]);
    bool writes = !is_up || stream_wants_to_write(&pair->from[other(side)]);
    uint32_t events = (reads ? POLLIN : 0u) | (writes ? POLLOUT : 0u);
    uint32_t slot = slot_of(number, side);
    if (events == 0) {
        fdslots_pause_index(server->s, slot);
    } else {
        fdslots_set_events(server->s, slot, events);
        fdslots_resume_index(server->s, slot);
    }
}

/* Write data from one side to the other. Returns false if that has failed. */
static bool pass_on(struct server *server, uint32_t number, enum side from)
{
    struct pair *pair = &server->pairs[number];
    struct stream *stream = &pair->from[from];
    if (!stream_wants_to_write(stream) || (from == CLIENT && pair->connecting))
        return true;
    int to = fdslots_get_fd(server->s, slot_of(number, other(from)));
    return stream_write(stream, to, &server->f->bytes);
}

/* Returns false if there is no connection to the target. */
static bool connected(struct pair *pair, int target)
{
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(target, SOL_SOCKET, SO_ERROR, &error, &size) < 0 || error != 0)
        return false;
    pair->connecting = false;
    return true;
}

/* Serve a side that is ready. Returns false if one of the sides has failed, or both have ended. */
static bool go_on(struct server *server, uint32_t number, enum side side, int fd)
{
    struct pair *pair = &server->pairs[number];
    if (side == TARGET && pair->connecting && !connected(pair, fd))
        return false;
    if (stream_wants_to_read(&pair->from[side]) && !stream_read(&pair->from[side], fd))
        return false;
    if (!pass_on(server, number, side) || !pass_on(server, number, other(side)))
        return false;
    return !pair->from[CLIENT].finished || !pair->from[TARGET].finished;
}

static void serve(struct server *server, uint32_t number, enum side side, int fd)
{
    if (!go_on(server, number, side, fd)) {
        close_pair(server, number);
        return;
    }
    be_patient(server, number);
    set_interest(server, number, CLIENT);
    set_interest(server, number, TARGET);
}

/* ---- New pairs ---- */

static int start_connect(const struct forwarding *f)
{
    int fd = socket(f->target->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    if (connect(fd, f->target, f->target_size) == 0 || errno == EINPROGRESS)
        return fd;
    int rc = -errno;
    close(fd);
    return rc;
}

static void add_pair(struct server *server, uint32_t number, int client)
{
    int target = start_connect(server->f);
    if (target < 0) {
        fprintf(stderr, "forward: connect: %s\n", strerror(-target));
        close(client);
        return;
    }
    struct pair *pair = &server->pairs[number];
    pair->connecting = true;
    for (int side = 0; side < SIDES; side++) {
        struct stream *stream = &pair->from[side];
        stream->length = 0;
        stream->ended = stream->finished = false;
    }
    fdslots_set_index(server->s, slot_of(number, CLIENT), client, POLLIN);
    fdslots_set_index(server->s, slot_of(number, TARGET), target, POLLOUT);
    be_patient(server, number);
    server->f->connections++;
}

/* Return a free pair, or -1. Either both slots of a pair are used, or none. */
static int64_t free_pair(const struct server *server)
{
    int64_t slot = fdslots_next_free(server->s, SLOT_PAIRS);
    return slot < 0 ? -1 : (slot - SLOT_PAIRS) / SIDES;
}

/* A connection that cannot be accepted keeps the listener ready, and the wait would spin. The
 * listener is therefore paused until a pair closes. If fds are short, other processes may free
 * some, so it is paused for at most a second. */
static void accept_clients(struct server *server, int listener)
{
    for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
        int64_t number = free_pair(server);
        if (number < 0) {
            fdslots_pause_index(server->s, SLOT_LISTENER);
            return;
        }
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            add_pair(server, (uint32_t)number, fd);
        } else if (errno == EAGAIN) {
            return;
        } else if (errno != ECONNABORTED && errno != EINTR) {
            fprintf(stderr, "forward: accept: %s\n", strerror(errno));
            fdslots_pause_index(server->s, SLOT_LISTENER);
            server->accept_at = server->now + NS_PER_S;
            return;
        }
    }
}

/* ---- The loop ---- */

static int on_ready(void *arg, uint32_t index, int fd, uint32_t revents)
{
    struct server *server = arg;
    (void)revents; /* the read or the write returns what an error or a hang-up means */
    if (index == SLOT_LISTENER)
        accept_clients(server, fd);
    else
        serve(server, (index - SLOT_PAIRS) / SIDES, (index - SLOT_PAIRS) % SIDES, fd);
    return 0;
}

static void time_out(struct server *server)
{
    uint32_t number;
    while (deadlines_first(&server->deadlines, &number) <= server->now)
        close_pair(server, number);
    if (server->accept_at <= server->now)
        resume_accepting(server);
}

/* INT64_MAX, which means that there is none, equals FDSLOTS_FOREVER. */
static int64_t next_deadline(const struct server *server)
{
    uint32_t number;
    int64_t deadline = deadlines_first(&server->deadlines, &number);
    return server->accept_at < deadline ? server->accept_at : deadline;
}

static int loop(struct server *server, const sigset_t *mask)
{
    bool interrupted = true;
    for (uint32_t turn = 0;; turn++) {
        if ((interrupted || turn % LOOK_FOR_SIGNALS_TURNS == 0) && end_signal_came())
            return 0;
        int n = fdslots_wait_until(server->s, next_deadline(server), mask);
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
    uint32_t count = server->f->max_pairs;
    server->pairs = calloc(count, sizeof *server->pairs);
    server->deadlines.entries = calloc(count, sizeof *server->deadlines.entries);
    if (server->pairs == NULL || server->deadlines.entries == NULL)
        return -ENOMEM;
    int rc = fdslots_create(SLOT_PAIRS + count * SIDES, 0, &server->s);
    if (rc < 0)
        return rc;
    uint16_t port = server->f->port;
    int listener = listen_on(&port, false);
    if (listener < 0)
        return listener;
    fdslots_set_index(server->s, SLOT_LISTENER, listener, POLLIN);
    server->f->ready(port);
    return 0;
}

int forward_run(struct forwarding *f, const sigset_t *mask)
{
    struct server server = {.f = f, .now = now_ns(), .accept_at = INT64_MAX};
    int rc = prepare(&server);
    if (rc == 0)
        rc = loop(&server, mask);
    for (int64_t i = 0; (i = fdslots_next_used(server.s, (uint32_t)i)) >= 0;)
        fdslots_close_index(server.s, (uint32_t)i);
    fdslots_destroy(server.s);
    free(server.deadlines.entries);
    free(server.pairs);
    return rc;
}
