/* SPDX-License-Identifier: ISC
 *
 * The kinds of files that slots hold, and how a file becomes ready. For a TCP or Unix socket and
 * the read end of a pipe, a byte is written that nobody reads; a timerfd expires; an eventfd gets a
 * count. Interest is toggled in an event that never comes: POLLOUT if the file cannot be written
 * to, else POLLPRI.
 */
#include "bench.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* Each function fills `ends` with the file, and the other end if there is one. */
static bool open_eventfd(int *ends)
{
    return (ends[0] = eventfd(0, EFD_NONBLOCK)) >= 0;
}

static bool open_timerfd(int *ends)
{
    return (ends[0] = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK)) >= 0;
}

static bool open_pipe(int *ends)
{
    return pipe2(ends, O_NONBLOCK) == 0;
}

static bool open_unix_socket(int *ends)
{
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0;
}

static int tcp_listener(struct sockaddr_in *name)
{
    socklen_t size = sizeof *name;
    *name = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)name, size) < 0 ||
        listen(listener, 1) < 0 || getsockname(listener, (struct sockaddr *)name, &size) < 0)
        return -1;
    return listener;
}

/* A connection ends with a reset. In TIME_WAIT, the connections of a few cells would use up all
 * ports. */
static bool open_tcp_socket(int *ends)
{
    static int listener = -1;
    static struct sockaddr_in name;
    const struct linger reset = {.l_onoff = 1};
    if (listener < 0 && (listener = tcp_listener(&name)) < 0)
        return false;
    ends[1] = socket(AF_INET, SOCK_STREAM, 0);
    if (ends[1] < 0 || connect(ends[1], (struct sockaddr *)&name, sizeof name) < 0)
        return false;
    ends[0] = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    return ends[0] >= 0 && setsockopt(ends[0], SOL_SOCKET, SO_LINGER, &reset, sizeof reset) == 0;
}

static bool send_byte(int fd, int end)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return write(end, "x", 1) == 1 && poll(&p, 1, -1) == 1;
}

static bool count_one(int fd, int end)
{
    (void)end;
    return eventfd_write(fd, 1) == 0;
}

static bool expire(int fd, int end)
{
    const struct itimerspec now = {.it_value.tv_nsec = 1};
    struct pollfd p = {.fd = fd, .events = POLLIN};
    (void)end;
    return timerfd_settime(fd, 0, &now, NULL) == 0 && poll(&p, 1, -1) == 1;
}

static const struct kind {
    const char *name;
    int ends;
    uint32_t never; /* an event that this file does not have */
    bool (*open)(int *ends);
    bool (*make_ready)(int fd, int end);
} kinds[] = {
    [EVENTFDS] = {"eventfd", 1, POLLPRI, open_eventfd, count_one},
    [PIPES] = {"pipe", 2, POLLOUT, open_pipe, send_byte},
    [TIMERFDS] = {"timerfd", 1, POLLOUT, open_timerfd, expire},
    [UNIX_SOCKETS] = {"unix", 2, POLLPRI, open_unix_socket, send_byte},
    [TCP_SOCKETS] = {"tcp", 2, POLLPRI, open_tcp_socket, send_byte},
};

const char *kind_name(enum fd_kind kind)
{
    return kinds[kind].name;
}

enum fd_kind kind_named(const char *name)
{
    enum fd_kind kind = 0;
    while (kind < KINDS && strcmp(kinds[kind].name, name) != 0)
        kind++;
    return kind;
}

uint32_t kind_fds(enum fd_kind kind)
{
    return (uint32_t)kinds[kind].ends;
}

uint32_t kind_never(enum fd_kind kind)
{
    return kinds[kind].never;
}

bool kind_open(enum fd_kind kind, int *fd, int *end, bool ready)
{
    int ends[2] = {-1, -1};
    bool opened = kinds[kind].open(ends);
    *fd = ends[0];
    *end = ends[1];
    return opened && (!ready || kinds[kind].make_ready(*fd, *end));
}
