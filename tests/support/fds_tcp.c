/* SPDX-License-Identifier: ISC
 *
 * TCP over the loopback, in every stage of a connection.
 */
#include "fds_kinds.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static int fresh_socket(void)
{
    return MUST(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

static int bound(struct sockaddr_in *address)
{
    int fd = fresh_socket();
    socklen_t length = sizeof *address;
    *address = (struct sockaddr_in){.sin_family = AF_INET};
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    MUST(bind(fd, (const struct sockaddr *)address, length));
    MUST(getsockname(fd, (struct sockaddr *)address, &length));
    return fd;
}

static int listening(struct sockaddr_in *address, int backlog)
{
    int fd = bound(address);
    MUST(listen(fd, backlog));
    return fd;
}

static int start_connect(const struct sockaddr_in *address)
{
    int fd = fresh_socket();
    if (connect(fd, (const struct sockaddr *)address, sizeof *address) < 0 && errno != EINPROGRESS)
        MUST(-1);
    return fd;
}

/* The subject is one side of a connection. Returns the other side, which is kept. */
static int connected(struct subject *f)
{
    struct sockaddr_in address;
    int listener = listening(&address, 4);
    f->fd = start_connect(&address);
    fds_await(listener, POLLIN);
    fds_await(f->fd, POLLOUT);
    int peer = MUST(accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC));
    MUST(close(listener));
    fds_keep(f, peer);
    return peer;
}

static void fresh(struct subject *f)
{
    f->fd = fresh_socket();
}

static void listen_idle(struct subject *f)
{
    struct sockaddr_in address;
    f->fd = listening(&address, 4);
}

static void listen_pending(struct subject *f)
{
    struct sockaddr_in address;
    f->fd = listening(&address, 4);
    fds_keep(f, start_connect(&address));
    fds_await(f->fd, POLLIN);
}

/* The queue of a listener that accepts nothing is soon full. The next connection then gets no
 * answer. */
static void connecting(struct subject *f)
{
    struct sockaddr_in address;
    fds_keep(f, listening(&address, 0));
    for (int i = 0; i < 6; i++)
        fds_keep(f, start_connect(&address));
    f->fd = start_connect(&address);
    socklen_t length = sizeof address;
    if (getpeername(f->fd, (struct sockaddr *)&address, &length) == 0 || errno != ENOTCONN)
        abort();
}

static void refused(struct subject *f)
{
    struct sockaddr_in address;
    fds_keep(f, bound(&address));
    f->fd = start_connect(&address);
    fds_await(f->fd, POLLERR | POLLHUP);
}

static void idle(struct subject *f)
{
    connected(f);
}

static void data(struct subject *f)
{
    fds_put(connected(f), "data");
    fds_await(f->fd, POLLIN);
}

static void full(struct subject *f)
{
    connected(f);
    fds_fill(f->fd);
}

static void peer_shut(struct subject *f)
{
    MUST(shutdown(connected(f), SHUT_WR));
    fds_await(f->fd, POLLRDHUP);
}

static void peer_shut_data(struct subject *f)
{
    int peer = connected(f);
    fds_put(peer, "data");
    MUST(shutdown(peer, SHUT_WR));
    fds_await(f->fd, POLLRDHUP | POLLIN);
}

static void peer_gone(struct subject *f)
{
    connected(f);
    MUST(close(f->keep[--f->kept]));
    fds_await(f->fd, POLLRDHUP);
}

static void shut_read(struct subject *f)
{
    connected(f);
    MUST(shutdown(f->fd, SHUT_RD));
}

static void shut_write(struct subject *f)
{
    int peer = connected(f);
    MUST(shutdown(f->fd, SHUT_WR));
    fds_await(peer, POLLRDHUP);
}

static void shut_each(struct subject *f)
{
    int peer = connected(f);
    MUST(shutdown(f->fd, SHUT_WR));
    MUST(shutdown(peer, SHUT_WR));
    fds_await(f->fd, POLLHUP);
}

static void reset(struct subject *f)
{
    const struct linger at_once = {1, 0};
    int peer = connected(f);
    MUST(setsockopt(peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once));
    MUST(close(peer));
    f->kept--;
    fds_await(f->fd, POLLERR | POLLHUP);
}

static void urgent(struct subject *f)
{
    MUST((int)send(connected(f), "!", 1, MSG_OOB));
    fds_await(f->fd, POLLPRI);
}

static void urgent_data(struct subject *f)
{
    int peer = connected(f);
    fds_put(peer, "data");
    MUST((int)send(peer, "!", 1, MSG_OOB));
    fds_await(f->fd, POLLPRI | POLLIN);
}

static void urgent_inline(struct subject *f)
{
    const int on = 1;
    int peer = connected(f);
    MUST(setsockopt(f->fd, SOL_SOCKET, SO_OOBINLINE, &on, sizeof on));
    MUST((int)send(peer, "!", 1, MSG_OOB));
    fds_await(f->fd, POLLPRI | POLLIN);
}

static const struct fd_kind rows[] = {
    {"TCP, fresh", fresh},
    {"TCP, listening", listen_idle},
    {"TCP, connection pending", listen_pending},
    {"TCP, connecting", connecting},
    {"TCP, refused", refused},
    {"TCP, connected", idle},
    {"TCP, data", data},
    {"TCP, full", full},
    {"TCP, peer shut down writing", peer_shut},
    {"TCP, data and peer shut down writing", peer_shut_data},
    {"TCP, peer gone", peer_gone},
    {"TCP, shut down reading", shut_read},
    {"TCP, shut down writing", shut_write},
    {"TCP, both shut down writing", shut_each},
    {"TCP, reset", reset},
    {"TCP, urgent", urgent},
    {"TCP, data and urgent", urgent_data},
    {"TCP, urgent inline", urgent_inline},
};
const struct fd_kinds tcp_kinds = FD_KINDS(rows);
