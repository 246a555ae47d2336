/* SPDX-License-Identifier: ISC
 *
 * The sockets of the echo example: a listener on one port for each of IPv4 and IPv6, and
 * connections to them.
 */
#include "echo.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SEND_BUFFER = 64 << 10 };

union address {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
};

static const sa_family_t families[FAMILIES] = {AF_INET, AF_INET6};

static socklen_t make_address(union address *address, int which, uint16_t port, bool all_addresses)
{
    if (families[which] == AF_INET) {
        in_addr_t host = all_addresses ? INADDR_ANY : INADDR_LOOPBACK;
        address->in = (struct sockaddr_in){
            .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(host)};
        return sizeof address->in;
    }
    address->in6 =
        (struct sockaddr_in6){.sin6_family = AF_INET6,
                              .sin6_port = htons(port),
                              .sin6_addr = all_addresses ? in6addr_any : in6addr_loopback};
    return sizeof address->in6;
}

static int open_socket(int which)
{
    int fd = socket(families[which], SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return fd >= 0 ? fd : -errno;
}

static int set_option(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof value) < 0 ? -errno : 0;
}

static int close_failed(int fd, int rc)
{
    close(fd);
    return rc;
}

static int listen_on(int which, const struct listening *how)
{
    union address address;
    socklen_t size = make_address(&address, which, how->port, how->all_addresses);
    int fd = open_socket(which);
    if (fd < 0)
        return fd;
    int rc = set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (rc == 0 && how->shared_port)
        rc = set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    /* Every family has a listener of its own. */
    if (rc == 0 && families[which] == AF_INET6)
        rc = set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    /* A peer that does not read must not tie up megabytes. Accepted connections inherit both
     * options. */
    if (rc == 0)
        rc = set_option(fd, SOL_SOCKET, SO_SNDBUF, SEND_BUFFER);
    /* Data that is sent back must not wait for more. */
    if (rc == 0)
        rc = set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    if (rc == 0 && bind(fd, &address.any, size) < 0)
        rc = -errno;
    if (rc == 0 && listen(fd, SOMAXCONN) < 0)
        rc = -errno;
    return rc == 0 ? fd : close_failed(fd, rc);
}

static int port_of(int fd, uint16_t *port)
{
    union address address = {.any.sa_family = AF_UNSPEC};
    socklen_t size = sizeof address;
    if (getsockname(fd, &address.any, &size) < 0)
        return -errno;
    *port = ntohs(address.any.sa_family == AF_INET ? address.in.sin_port : address.in6.sin6_port);
    return 0;
}

/* Whether the system has no such family, or no address of it. */
static bool family_missing(int rc)
{
    return rc == -EAFNOSUPPORT || rc == -EPROTONOSUPPORT || rc == -EADDRNOTAVAIL;
}

static int open_all(struct listeners *listeners, struct listening how)
{
    *listeners = (struct listeners){.fd = {-1, -1}};
    int result = -EAFNOSUPPORT;
    for (int i = 0; i < FAMILIES; i++) {
        int fd = listen_on(i, &how);
        if (fd < 0 && family_missing(fd))
            continue;
        listeners->fd[i] = fd;
        listeners->present[i] = true;
        int rc = fd < 0 ? fd : port_of(fd, &how.port); /* the other family uses the same port */
        if (rc < 0) {
            listeners_close(listeners);
            return rc;
        }
        result = 0;
    }
    listeners->port = how.port;
    return result;
}

int listeners_open(struct listeners *listeners, const struct listening *how)
{
    /* A port that is free in one family may be taken in the other. Another one is tried then. */
    int rc = -EADDRINUSE;
    for (int attempt = 0; attempt < 20 && rc == -EADDRINUSE; attempt++) {
        rc = open_all(listeners, *how);
        if (how->port != 0)
            break;
    }
    return rc;
}

void listeners_close(struct listeners *listeners)
{
    for (int i = 0; i < FAMILIES; i++) {
        if (listeners->fd[i] >= 0)
            close(listeners->fd[i]);
        listeners->fd[i] = -1;
    }
}

int connect_start(const struct listeners *listeners, int which, int receive_buffer)
{
    union address address;
    socklen_t size = make_address(&address, which, listeners->port, false);
    int fd = open_socket(which);
    if (fd < 0)
        return fd;
    int rc = set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    if (rc == 0 && receive_buffer > 0)
        rc = set_option(fd, SOL_SOCKET, SO_RCVBUF, receive_buffer);
    if (rc == 0 && connect(fd, &address.any, size) < 0 && errno != EINPROGRESS)
        rc = -errno;
    return rc == 0 ? fd : close_failed(fd, rc);
}

uint64_t fd_limit_raise(uint64_t wanted)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return 0;
    if (limit.rlim_cur >= wanted)
        return limit.rlim_cur;
    rlim_t before = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : (rlim_t)wanted;
    return setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : before;
}
