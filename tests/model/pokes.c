/* SPDX-License-Identifier: ISC
 *
 * What can be done to any object from outside.
 */
#include "objects.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static void drain_fd(int fd)
{
    char buf[4096];
    for (int i = 0; i < 64 && fd >= 0 && read(fd, buf, sizeof buf) > 0; i++)
        ;
}

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
    drain_fd(o->fd);
}

static void poke_drain_peer(struct object *o)
{
    drain_fd(o->peer);
}

static void poke_fill(struct object *o)
{
    struct stat st;
    if (fstat(o->fd, &st) == 0 && !S_ISREG(st.st_mode)) /* a file would take all of it */
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
    {"shutdown_write", poke_shutdown_write},
    {"shutdown_read", poke_shutdown_read},
    {"shutdown_peer", poke_shutdown_peer},
    {"close_peer", poke_close_peer},
    {"reset", poke_reset},
    {"urgent", poke_urgent},
};

unsigned object_pokes(void)
{
    return sizeof pokes / sizeof pokes[0];
}

const char *object_poke_name(unsigned poke)
{
    return pokes[poke].name;
}

void object_poke(struct object *o, unsigned poke)
{
    pokes[poke].poke(o);
}
