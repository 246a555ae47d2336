/* SPDX-License-Identifier: ISC
 *
 * UNIX sockets and UDP.
 */
#include "fds_kinds.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* The subject is one side. Returns the other side, which is kept. */
static int pair(struct subject *f, int type)
{
    int p[2];
    MUST(socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, p));
    f->fd = p[0];
    fds_keep(f, p[1]);
    return p[1];
}

static void drop_last(struct subject *f)
{
    MUST(close(f->keep[--f->kept]));
}

static void stream_idle(struct subject *f)
{
    pair(f, SOCK_STREAM);
}

static void stream_data(struct subject *f)
{
    fds_put(pair(f, SOCK_STREAM), "data");
}

static void stream_full(struct subject *f)
{
    pair(f, SOCK_STREAM);
    fds_fill(f->fd);
}

static void stream_peer_gone(struct subject *f)
{
    pair(f, SOCK_STREAM);
    drop_last(f);
}

static void stream_peer_gone_data(struct subject *f)
{
    stream_data(f);
    drop_last(f);
}

static void stream_peer_shut(struct subject *f)
{
    MUST(shutdown(pair(f, SOCK_STREAM), SHUT_WR));
}

static void stream_shut_read(struct subject *f)
{
    pair(f, SOCK_STREAM);
    MUST(shutdown(f->fd, SHUT_RD));
}

static void stream_shut_write(struct subject *f)
{
    pair(f, SOCK_STREAM);
    MUST(shutdown(f->fd, SHUT_WR));
}

static void stream_shut_both(struct subject *f)
{
    pair(f, SOCK_STREAM);
    MUST(shutdown(f->fd, SHUT_RDWR));
}

static void stream_unconnected(struct subject *f)
{
    f->fd = MUST(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

static void packet_data(struct subject *f)
{
    fds_put(pair(f, SOCK_SEQPACKET), "data");
}

static void datagram_idle(struct subject *f)
{
    pair(f, SOCK_DGRAM);
}

static void datagram_data(struct subject *f)
{
    fds_put(pair(f, SOCK_DGRAM), "data");
}

static void datagram_peer_gone(struct subject *f)
{
    pair(f, SOCK_DGRAM);
    drop_last(f);
}

/* The address is an abstract one that the kernel chooses. A client waits to be accepted. */
static void stream_pending(struct subject *f)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socklen_t length = sizeof address;
    stream_unconnected(f);
    MUST(bind(f->fd, (const struct sockaddr *)&address, sizeof address.sun_family));
    MUST(listen(f->fd, 4));
    MUST(getsockname(f->fd, (struct sockaddr *)&address, &length));
    fds_keep(f, MUST(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)));
    MUST(connect(f->keep[0], (const struct sockaddr *)&address, length));
}

/* Return a UDP socket, and store its address. The kernel chooses the port. */
static int udp_bound(struct sockaddr_in *address)
{
    int fd = MUST(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    socklen_t length = sizeof *address;
    *address = (struct sockaddr_in){.sin_family = AF_INET};
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    MUST(bind(fd, (const struct sockaddr *)address, length));
    MUST(getsockname(fd, (struct sockaddr *)address, &length));
    return fd;
}

static void udp_connect(struct subject *f, const struct sockaddr_in *address)
{
    f->fd = MUST(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    MUST(connect(f->fd, (const struct sockaddr *)address, sizeof *address));
}

static void udp_idle(struct subject *f)
{
    struct sockaddr_in address;
    f->fd = udp_bound(&address);
}

static void udp_data(struct subject *f)
{
    struct sockaddr_in address;
    struct subject sender;
    f->fd = udp_bound(&address);
    udp_connect(&sender, &address);
    fds_put(sender.fd, "data");
    fds_keep(f, sender.fd);
    fds_await(f->fd, POLLIN);
}

/* The port has just been closed, so the answer is an ICMP error. */
static void udp_refused(struct subject *f)
{
    struct sockaddr_in address;
    int listener = udp_bound(&address);
    udp_connect(f, &address);
    MUST(close(listener));
    fds_put(f->fd, "data");
    fds_await(f->fd, POLLERR);
}

static void udp_shut(struct subject *f)
{
    struct sockaddr_in address;
    fds_keep(f, udp_bound(&address));
    udp_connect(f, &address);
    MUST(shutdown(f->fd, SHUT_RDWR));
}

static const struct fd_kind rows[] = {
    {"stream pair, idle", stream_idle},
    {"stream pair, data", stream_data},
    {"stream pair, full", stream_full},
    {"stream pair, peer gone", stream_peer_gone},
    {"stream pair, data and peer gone", stream_peer_gone_data},
    {"stream pair, peer shut down writing", stream_peer_shut},
    {"stream pair, shut down reading", stream_shut_read},
    {"stream pair, shut down writing", stream_shut_write},
    {"stream pair, shut down", stream_shut_both},
    {"local stream, not connected", stream_unconnected},
    {"local stream, connection pending", stream_pending},
    {"packet pair, data", packet_data},
    {"datagram pair, idle", datagram_idle},
    {"datagram pair, data", datagram_data},
    {"datagram pair, peer gone", datagram_peer_gone},
    {"UDP, idle", udp_idle},
    {"UDP, data", udp_data},
    {"UDP, refused", udp_refused},
    {"UDP, shut down", udp_shut},
};
const struct fd_kinds unix_kinds = FD_KINDS(rows);
