/* SPDX-License-Identifier: ISC */
#include "server.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

bool parse_number(const char *text, long least, long most, long *out)
{
    char *end;
    errno = 0;
    *out = strtol(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && *out >= least && *out <= most;
}

/* ---- Signals, which are blocked except in the wait ---- */

static sigset_t ours; /* SIGINT and SIGTERM */
static volatile sig_atomic_t caught;

static void on_signal(int signo)
{
    caught = signo;
}

sigset_t end_signals_block(void)
{
    sigset_t before;
    sigemptyset(&ours);
    sigaddset(&ours, SIGINT);
    sigaddset(&ours, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &ours, &before);
    struct sigaction action = {.sa_handler = on_signal, .sa_mask = ours};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigdelset(&before, SIGINT);
    sigdelset(&before, SIGTERM);
    return before;
}

bool end_signal_came(void)
{
    static const struct timespec at_once = {0, 0};
    if (caught == 0) {
        int pending = sigtimedwait(&ours, NULL, &at_once);
        caught = pending > 0 ? pending : caught;
    }
    return caught != 0;
}

int end_signal(void)
{
    return caught;
}

/* ---- The listener, the clock ---- */

int listen_on(uint16_t *port, bool all_addresses)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(*port),
                                  .sin_addr.s_addr =
                                      htonl(all_addresses ? INADDR_ANY : INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        bind(fd, (struct sockaddr *)&address, size) == 0 && listen(fd, SOMAXCONN) == 0 &&
        getsockname(fd, (struct sockaddr *)&address, &size) == 0) {
        *port = ntohs(address.sin_port);
        return fd;
    }
    int rc = -errno;
    close(fd);
    return rc;
}

int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}
