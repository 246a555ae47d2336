/* SPDX-License-Identifier: ISC
 *
 * Pipes, fifos and UNIX sockets.
 */
#include "object_kinds.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int open_pipe_read(struct object *o)
{
    int p[2];
    return pipe2(p, O_NONBLOCK) < 0 ? -1 : object_keep(o, p[0], p[1]);
}

static int open_pipe_write(struct object *o)
{
    int p[2];
    return pipe2(p, O_NONBLOCK) < 0 ? -1 : object_keep(o, p[1], p[0]);
}

/* Every write is a packet, and a read takes a whole one. */
static int open_pipe_packets(struct object *o)
{
    int p[2];
    return pipe2(p, O_NONBLOCK | O_DIRECT) < 0 ? -1 : object_keep(o, p[0], p[1]);
}

static int open_fifo(struct object *o)
{
    char path[128];
    object_path(path, sizeof path, "fifo");
    unlink(path);
    if (mkfifo(path, 0600) < 0)
        return -1;
    int fd = open(path, O_RDONLY | O_NONBLOCK);
    return object_keep(o, fd, open(path, O_WRONLY | O_NONBLOCK));
}

static int open_fifo_write(struct object *o)
{
    int rc = open_fifo(o);
    return rc < 0 || o->peer < 0 ? rc : object_keep(o, o->peer, o->fd);
}

static int open_pair(struct object *o, int type)
{
    int p[2];
    return socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, p) < 0 ? -1 : object_keep(o, p[0], p[1]);
}

static int open_unix_stream(struct object *o)
{
    return open_pair(o, SOCK_STREAM);
}

static int open_unix_dgram(struct object *o)
{
    return open_pair(o, SOCK_DGRAM);
}

static int open_unix_seqpacket(struct object *o)
{
    return open_pair(o, SOCK_SEQPACKET);
}

/* The kernel chooses the name. */
static int open_unix_listen(struct object *o)
{
    const struct sockaddr_un any = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd >= 0 && bind(fd, (const struct sockaddr *)&any, sizeof any.sun_family) == 0)
        listen(fd, 8);
    return object_keep(o, fd, -1);
}

/* A client connects, or the waiting one is accepted and closed. */
static void act_unix_listen(struct object *o)
{
    struct sockaddr_un a;
    socklen_t length = sizeof a;
    int guest = accept(o->fd, NULL, NULL);
    if (guest >= 0) {
        close(guest);
        return;
    }
    if (o->peer >= 0)
        close(o->peer);
    o->peer = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (o->peer >= 0 && getsockname(o->fd, (struct sockaddr *)&a, &length) == 0)
        (void)!connect(o->peer, (struct sockaddr *)&a, length);
}

static const struct kind rows[] = {
    {"pipe_read", open_pipe_read, NULL, 0},
    {"pipe_write", open_pipe_write, NULL, 0},
    {"pipe_packets", open_pipe_packets, NULL, 0},
    {"fifo", open_fifo, NULL, 0},
    {"fifo_write", open_fifo_write, NULL, 0},
    {"unix_stream", open_unix_stream, NULL, 0},
    {"unix_dgram", open_unix_dgram, NULL, 0},
    {"unix_seqpacket", open_unix_seqpacket, NULL, 0},
    {"unix_listen", open_unix_listen, act_unix_listen, 0},
};
const struct kinds pipe_kinds = KINDS(rows);
