/* SPDX-License-Identifier: ISC
 *
 * The client of the self-test. It opens many connections to the server, holds all of them open at
 * once, sends messages of varying lengths in pieces, and checks every byte that comes back.
 *
 * Every byte follows from the connection and the position in its stream, so that a lost,
 * duplicated, changed or misdirected byte is found. One connection in SLOW_EVERY sends a long
 * message, and reads only when nothing more can be sent. By then, everything between the two is
 * full.
 */
#include "echo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    MESSAGES = 10, /* for each connection */
    LONGEST_SHIFT = 13,
    PIECE = 2048, /* largest number of bytes in one read or write */
    SLOW_EVERY = 100,
    SLOW_LENGTH = 1 << 20,
    SLOW_RECEIVE_BUFFER = 32 << 10,
    /* Connections that were opened and have not been answered yet. They are fewer than any
     * backlog. */
    OPENING_AT_ONCE = 64,
    STALL_SECONDS = 20,
};

/* A peer rests from its first answer until all peers have had their first answers. */
enum state { CONNECTING, TALKING, RESTING, FINISHING };

struct peer {
    uint64_t sent, checked; /* in bytes since the start */
    uint64_t until;         /* end of the current message */
    /* States of random generators; the lengths do not depend on the network. */
    uint32_t lengths, pieces;
    int messages; /* number of answered messages */
    enum state state;
};

struct client {
    struct fdslots *s;
    const struct listeners *listeners;
    struct peer *peers; /* peer i is in slot i */
    uint32_t count;
    uint32_t started, answered, finished;
    struct client_result *result;
    bool on_terminal;
    double started_at, shown_at, moved_at;
    uint64_t moved; /* connections and bytes until then */
};

static double now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static uint32_t next_random(uint32_t *random)
{
    *random ^= *random << 13;
    *random ^= *random >> 17;
    *random ^= *random << 5;
    return *random;
}

static unsigned char byte_at(uint32_t number, uint64_t place)
{
    uint32_t mixed = ((uint32_t)place + 1) * UINT32_C(2654435761) ^ number * UINT32_C(2246822519);
    return (unsigned char)(mixed >> 15);
}

static bool is_slow(uint32_t number)
{
    return number % SLOW_EVERY == 0;
}

static int failed(uint32_t number, const char *what, const char *why)
{
    fprintf(stderr, "echo: connection %u: %s: %s\n", (unsigned)number, what, why);
    return -EIO;
}

/* ---- Messages ---- */

static void start_message(struct client *client, uint32_t number)
{
    struct peer *peer = &client->peers[number];
    uint64_t length = SLOW_LENGTH;
    /* Short messages are as frequent as long ones. */
    if (!is_slow(number) || peer->messages != 1) {
        uint32_t shift = next_random(&peer->lengths) % LONGEST_SHIFT;
        length = 1 + next_random(&peer->lengths) % (UINT32_C(1) << shift);
    }
    peer->until = peer->sent + length;
    peer->state = TALKING;
    fdslots_set_events(client->s, number, POLLIN | POLLOUT);
}

static void start_resting(struct client *client)
{
    for (uint32_t i = 0; i < client->count; i++)
        if (client->peers[i].state == RESTING)
            start_message(client, i);
}

/* There is no more to send. The server must send the rest, and then end the connection from its
 * side. */
static int finish(struct client *client, uint32_t number, int fd)
{
    client->peers[number].state = FINISHING;
    return shutdown(fd, SHUT_WR) == 0 ? 0 : failed(number, "shutdown", strerror(errno));
}

static int message_answered(struct client *client, uint32_t number, int fd)
{
    struct peer *peer = &client->peers[number];
    client->result->messages++;
    peer->messages++;
    if (peer->messages == MESSAGES)
        return finish(client, number, fd);
    peer->state = RESTING;
    if (peer->messages == 1 && ++client->answered == client->count)
        start_resting(client);
    else if (client->answered == client->count)
        start_message(client, number);
    return 0;
}

/* ---- Bytes ---- */

static size_t piece(struct peer *peer, uint64_t at_most)
{
    size_t length = 1 + next_random(&peer->pieces) % PIECE;
    return length < at_most ? length : (size_t)at_most;
}

static bool would_block(int err)
{
    return err == EAGAIN || err == EINTR;
}

static int send_some(struct client *client, uint32_t number, int fd)
{
    struct peer *peer = &client->peers[number];
    unsigned char data[PIECE];
    do {
        size_t length = piece(peer, peer->until - peer->sent);
        for (size_t i = 0; i < length; i++)
            data[i] = byte_at(number, peer->sent + i);
        ssize_t n = send(fd, data, length, MSG_NOSIGNAL);
        if (n < 0)
            return would_block(errno) ? 0 : failed(number, "send", strerror(errno));
        peer->sent += (uint64_t)n;
    } while (is_slow(number) && peer->sent < peer->until);
    return 0;
}

static int check(const struct peer *peer, uint32_t number, const unsigned char *data, size_t length)
{
    if (length > peer->sent - peer->checked)
        return failed(number, "receive", "more came back than was sent");
    for (size_t i = 0; i < length; i++)
        if (data[i] != byte_at(number, peer->checked + i))
            return failed(number, "receive", "a byte came back changed");
    return 0;
}

static int end_of_stream(struct client *client, uint32_t number)
{
    struct peer *peer = &client->peers[number];
    if (peer->state != FINISHING || peer->checked != peer->sent)
        return failed(number, "receive", "the server ended the connection early");
    client->finished++;
    int rc = fdslots_close_index(client->s, number);
    return rc == 0 ? 0 : failed(number, "close", strerror(-rc));
}

static int receive_some(struct client *client, uint32_t number, int fd)
{
    struct peer *peer = &client->peers[number];
    unsigned char data[PIECE];
    ssize_t n = recv(fd, data, piece(peer, PIECE), 0);
    if (n < 0)
        return would_block(errno) ? 0 : failed(number, "receive", strerror(errno));
    if (n == 0)
        return end_of_stream(client, number);
    int rc = check(peer, number, data, (size_t)n);
    if (rc < 0)
        return rc;
    peer->checked += (uint64_t)n;
    client->result->bytes += (uint64_t)n;
    if (peer->state == TALKING && peer->checked == peer->until)
        rc = message_answered(client, number, fd);
    return rc;
}

/* ---- Connections ---- */

static int connected(struct client *client, uint32_t number, int fd)
{
    int err = 0;
    socklen_t size = sizeof err;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &size) < 0)
        err = errno;
    if (err != 0)
        return failed(number, "connect", strerror(err));
    start_message(client, number);
    return 0;
}

static int on_ready(void *arg, uint32_t index, int fd, uint32_t revents)
{
    struct client *client = arg;
    struct peer *peer = &client->peers[index];
    if (peer->state == CONNECTING)
        return connected(client, index, fd);
    int rc = 0;
    if ((revents & POLLOUT) != 0 && peer->sent < peer->until)
        rc = send_some(client, index, fd);
    if (rc == 0 && (revents & ~(uint32_t)POLLOUT) != 0)
        rc = receive_some(client, index, fd);
    /* If that was the end, the slot is empty. */
    fdslots_set_events(client->s, index, POLLIN | (peer->sent < peer->until ? POLLOUT : 0u));
    return rc;
}

/* Choose among the families of the server in turn. */
static int pick_listener(const struct client *client)
{
    int which = (int)(client->started % FAMILIES);
    return client->listeners->present[which] ? which : (which + 1) % FAMILIES;
}

static int open_more(struct client *client)
{
    while (client->started < client->count &&
           client->started - client->answered < OPENING_AT_ONCE) {
        uint32_t number = client->started;
        int fd = connect_start(client->listeners, pick_listener(client),
                               is_slow(number) ? SLOW_RECEIVE_BUFFER : 0);
        if (fd < 0)
            return failed(number, "connect", strerror(-fd));
        uint32_t seed = number * UINT32_C(2654435761) + 1;
        client->peers[number] = (struct peer){.state = CONNECTING, .lengths = seed, .pieces = seed};
        int rc = fdslots_set_index(client->s, number, fd, POLLOUT);
        if (rc < 0) {
            close(fd);
            return failed(number, "slot", strerror(-rc));
        }
        client->started++;
    }
    return 0;
}

/* ---- The loop ---- */

static void show_progress(struct client *client, bool last)
{
    double at = now();
    if (!client->on_terminal || (!last && at - client->shown_at < 0.1))
        return;
    client->shown_at = at;
    fprintf(stderr, "\r%u of %u connections, %llu of %llu messages%s", (unsigned)client->answered,
            (unsigned)client->count, (unsigned long long)client->result->messages,
            (unsigned long long)client->count * MESSAGES, last ? "\n" : "");
}

/* Whether it waits or spins, the test has failed if nothing moves any more. */
static int look_for_stall(struct client *client)
{
    uint64_t moved = client->result->bytes + client->answered + client->finished;
    double at = now();
    if (moved != client->moved) {
        client->moved = moved;
        client->moved_at = at;
    }
    if (at - client->moved_at < STALL_SECONDS)
        return 0;
    return complain("client: the server does not answer", -ETIMEDOUT);
}

static int talk(struct client *client, const struct waiter *waiter)
{
    static const struct timespec stall = {.tv_sec = STALL_SECONDS};
    while (client->finished < client->count) {
        int rc = open_more(client);
        if (rc < 0)
            return rc;
        client->result->waits++;
        int n = waiter->wait(client->s, &stall, NULL);
        if (n < 0 && n != -EINTR)
            return complain("client: wait", n);
        rc = fdslots_iter_ready(client->s, on_ready, client);
        if (rc == 0)
            rc = look_for_stall(client);
        if (rc < 0)
            return rc;
        show_progress(client, false);
    }
    return 0;
}

static void close_all(struct client *client)
{
    int64_t index = fdslots_next_used(client->s, 0);
    while (index >= 0) {
        fdslots_close_index(client->s, (uint32_t)index);
        index = fdslots_next_used(client->s, (uint32_t)index);
    }
}

int client_run(const struct listeners *listeners, const struct waiter *waiter, uint32_t connections,
               struct client_result *result)
{
    struct client client = {.listeners = listeners,
                            .count = connections,
                            .result = result,
                            .on_terminal = isatty(STDERR_FILENO) != 0,
                            .started_at = now()};
    client.moved_at = client.started_at;
    client.peers = calloc(connections, sizeof *client.peers);
    int rc = fdslots_create(connections, 0, &client.s);
    if (rc == 0 && client.peers == NULL)
        rc = -ENOMEM;
    if (rc < 0) {
        complain("client", rc);
    } else {
        rc = talk(&client, waiter);
        show_progress(&client, true);
        close_all(&client);
    }
    result->seconds = now() - client.started_at;
    fdslots_destroy(client.s);
    free(client.peers);
    return rc;
}
