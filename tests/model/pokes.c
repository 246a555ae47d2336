/* SPDX-License-Identifier: ISC
 *
 * Pokes: changes that can be made to any object from outside.
 */
#include "object_kinds.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

static void write_fd(int fd)
{
    if (fd >= 0 && write(fd, "12345678", 8) < 0)
        errno = 0;
}

static void fill_fd(int fd)
{
    static const char page[4096];
    for (int i = 0; i < 64 && fd >= 0 && write(fd, page, sizeof page) > 0; i++)
        ;
}

static void poke_write_peer(struct object *o)
{
    write_fd(o->peer);
}

static void poke_write(struct object *o)
{
    write_fd(o->fd);
}

static void poke_drain(struct object *o)
{
    object_drain(o->fd);
}

static void poke_drain_peer(struct object *o)
{
    object_drain(o->peer);
}

/* A regular file is left out, because it would accept data without end. */
static void poke_fill(struct object *o)
{
    if (o->socket || !o->polled)
        fill_fd(o->fd);
}

static void poke_shutdown_write(struct object *o)
{
    shutdown(o->fd, SHUT_WR);
}

static void poke_shutdown_read(struct object *o)
{
    shutdown(o->fd, SHUT_RD);
}

static void poke_shutdown_peer(struct object *o)
{
    if (o->peer >= 0)
        shutdown(o->peer, SHUT_WR);
}

static void poke_close_peer(struct object *o)
{
    if (o->peer >= 0)
        close(o->peer);
    o->peer = -1;
}

static void poke_reset(struct object *o)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    if (o->peer >= 0)
        setsockopt(o->peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    poke_close_peer(o);
}

static void poke_urgent(struct object *o)
{
    if (o->peer >= 0 && send(o->peer, "!", 1, MSG_OOB | MSG_NOSIGNAL) < 0)
        errno = 0;
}

static void poke_act(struct object *o)
{
    if (o->kind->act != NULL)
        o->kind->act(o);
}

/* The last ones are for sockets. Any other object gets its own poke instead. */
static const struct {
    const char *name;
    void (*poke)(struct object *o);
} pokes[] = {
    {"write_peer", poke_write_peer},
    {"drain", poke_drain},
    {"act", poke_act},
    {"write", poke_write},
    {"drain_peer", poke_drain_peer},
    {"fill", poke_fill},
    {"close_peer", poke_close_peer},
    {"reset", poke_reset},
    {"shutdown_write", poke_shutdown_write},
    {"shutdown_read", poke_shutdown_read},
    {"shutdown_peer", poke_shutdown_peer},
    {"urgent", poke_urgent},
};
#define POKES        (sizeof pokes / sizeof pokes[0])
#define SOCKET_POKES 4

unsigned object_pokes(void)
{
    return POKES;
}

const char *object_poke_name(unsigned poke)
{
    return pokes[poke].name;
}

void object_poke(struct object *o, unsigned poke)
{
    if (!o->socket && poke >= POKES - SOCKET_POKES)
        poke_act(o);
    else
        pokes[poke].poke(o);
}

void object_make_readable(struct object *o)
{
    poke_write_peer(o);
    poke_act(o);
}
