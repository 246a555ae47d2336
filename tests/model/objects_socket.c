/* SPDX-License-Identifier: ISC
 *
 * TCP and UDP sockets, over IPv4 and IPv6, on the loopback.
 */
#include "object_kinds.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

struct address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } of;
    socklen_t length;
};

static struct address loopback(int family)
{
    if (family == AF_INET6)
        return (struct address){{.v6 = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback}},
                                sizeof(struct sockaddr_in6)};
    return (struct address){
        {.v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}},
        sizeof(struct sockaddr_in)};
}

static int bound(int family, int type)
{
    struct address a = loopback(family);
    int fd = socket(family, type, 0);
    if (fd >= 0 && bind(fd, &a.of.any, a.length) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static void connect_to(int fd, int other)
{
    struct address a = {.length = sizeof a.of};
    if (fd >= 0 && getsockname(other, &a.of.any, &a.length) == 0)
        (void)!connect(fd, &a.of.any, a.length); /* the connection may still be in progress */
}

/* Return a new TCP socket that connects to the address of another. */
static int connected_to(int other, int family, int flags)
{
    int fd = socket(family, SOCK_STREAM | flags, 0);
    connect_to(fd, other);
    return fd;
}

static int open_tcp_of(struct object *o, int family)
{
    int listener = bound(family, SOCK_STREAM);
    if (listener < 0 || listen(listener, 1) < 0) {
        close(listener);
        return -1;
    }
    int client = connected_to(listener, family, 0);
    int server = accept(listener, NULL, NULL);
    close(listener);
    /* Small buffers are quick to fill. */
    int small = 4096;
    setsockopt(server, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    setsockopt(client, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    object_unblock(client);
    object_unblock(server);
    return object_keep(o, server, client);
}

static int open_tcp(struct object *o)
{
    return open_tcp_of(o, AF_INET);
}

static int open_tcp6(struct object *o)
{
    return open_tcp_of(o, AF_INET6);
}

static int open_tcp_fresh(struct object *o)
{
    return object_keep(o, socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), -1);
}

static int open_tcp_listen(struct object *o)
{
    int fd = bound(AF_INET, SOCK_STREAM | SOCK_NONBLOCK);
    if (fd >= 0)
        listen(fd, 8);
    return object_keep(o, fd, -1);
}

/* A client connects, or the waiting one is accepted and closed. */
static void act_tcp_listen(struct object *o)
{
    int guest = accept(o->fd, NULL, NULL);
    if (guest >= 0) {
        close(guest);
        return;
    }
    if (o->peer >= 0)
        close(o->peer);
    o->peer = connected_to(o->fd, AF_INET, SOCK_NONBLOCK);
}

static int open_tcp_refused(struct object *o)
{
    int nobody = bound(AF_INET, SOCK_STREAM); /* bound, but not listening */
    int fd = nobody < 0 ? -1 : connected_to(nobody, AF_INET, SOCK_NONBLOCK);
    close(nobody);
    return object_keep(o, fd, -1);
}

static int open_udp_of(struct object *o, int family)
{
    int fd = bound(family, SOCK_DGRAM | SOCK_NONBLOCK);
    int peer = bound(family, SOCK_DGRAM | SOCK_NONBLOCK);
    connect_to(peer, fd);
    connect_to(fd, peer);
    return object_keep(o, fd, peer);
}

static int open_udp(struct object *o)
{
    return open_udp_of(o, AF_INET);
}

static int open_udp6(struct object *o)
{
    return open_udp_of(o, AF_INET6);
}

static const struct kind rows[] = {
    {"tcp", open_tcp, NULL, 0},
    {"tcp6", open_tcp6, NULL, 0},
    {"tcp_fresh", open_tcp_fresh, NULL, 0},
    {"tcp_listen", open_tcp_listen, act_tcp_listen, 0},
    {"tcp_refused", open_tcp_refused, NULL, 0},
    {"udp", open_udp, NULL, 0},
    {"udp6", open_udp6, NULL, 0},
};
const struct kinds socket_kinds = KINDS(rows);
