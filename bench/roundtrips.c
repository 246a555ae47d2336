/* SPDX-License-Identifier: ISC
 *
 * Measures what a server of many TCP connections spends when one of them is active:
 *
 *     roundtrips [CONNECTIONS [ROUNDTRIPS]]
 *
 * For every way to wait, a process echoes what one client sends, byte by byte, while the others are
 * idle. The program prints the CPU time of that process.
 */
#include <fdslots.h>

#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static uint32_t connections = 6000;
static int *clients, *servers;

static void check(bool it, const char *what)
{
    if (it)
        return;
    perror(what);
    exit(EXIT_FAILURE);
}

/* ---- Connections ---- */

static void connect_all(void)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof name;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    check(bind(listener, (struct sockaddr *)&name, size) == 0, "bind");
    check(listen(listener, 16) == 0, "listen");
    check(getsockname(listener, (struct sockaddr *)&name, &size) == 0, "getsockname");
    for (uint32_t i = 0; i < connections; i++) {
        clients[i] = socket(AF_INET, SOCK_STREAM, 0);
        check(clients[i] >= 0, "socket (see ulimit -n)");
        check(connect(clients[i], (struct sockaddr *)&name, size) == 0, "connect");
        servers[i] = accept(listener, NULL, NULL);
        check(servers[i] >= 0, "accept (see ulimit -n)");
    }
    close(listener);
}

enum { TRIP = 't', END = 'e' };

/* Returns false at the end. */
static bool echo(int fd)
{
    char byte;
    check(read(fd, &byte, 1) == 1 && write(fd, &byte, 1) == 1, "echo");
    return byte != END;
}

static void send_and_receive(char byte)
{
    int client = clients[connections / 2];
    check(write(client, &byte, 1) == 1 && read(client, &byte, 1) == 1, "round trip");
}

/* ---- Ways to wait, each of which serves until the client ends ---- */

static void by_poll(void)
{
    struct pollfd *p = calloc(connections, sizeof *p);
    for (uint32_t i = 0; i < connections; i++)
        p[i] = (struct pollfd){.fd = servers[i], .events = POLLIN};
    for (;;) {
        check(poll(p, connections, -1) > 0, "poll");
        for (uint32_t i = 0; i < connections; i++)
            if (p[i].revents != 0 && !echo(p[i].fd))
                return;
    }
}

static void by_epoll(void)
{
    int set = epoll_create1(EPOLL_CLOEXEC);
    for (uint32_t i = 0; i < connections; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = servers[i]};
        check(epoll_ctl(set, EPOLL_CTL_ADD, servers[i], &event) == 0, "epoll_ctl");
    }
    struct epoll_event events[64];
    for (;;) {
        int n = epoll_wait(set, events, 64, -1);
        check(n > 0, "epoll_wait");
        for (int i = 0; i < n; i++)
            if (!echo(events[i].data.fd))
                return;
    }
}

static int on_ready(void *arg, uint32_t index, int fd, uint32_t revents)
{
    (void)arg, (void)index, (void)revents;
    return !echo(fd);
}

static void by_fdslots(void)
{
    struct fdslots *s;
    check(fdslots_create(connections, 0, &s) == 0, "fdslots_create");
    for (uint32_t i = 0; i < connections; i++)
        fdslots_set_index(s, i, servers[i], POLLIN);
    do
        check(fdslots_wait(s, FDSLOTS_FOREVER, NULL) > 0, "fdslots_wait");
    while (fdslots_iter_ready(s, on_ready, NULL) == 0);
    fdslots_destroy(s);
}

/* ---- Measuring ---- */

static double seconds(const struct timeval *t)
{
    return (double)t->tv_sec + (double)t->tv_usec / 1e6;
}

static void measure(const char *name, void (*serve)(void), unsigned long trips)
{
    pid_t server = fork();
    check(server >= 0, "fork");
    if (server == 0) {
        serve();
        _exit(EXIT_SUCCESS);
    }
    for (unsigned long i = 0; i < trips; i++)
        send_and_receive(TRIP);
    send_and_receive(END);
    struct rusage usage;
    int status;
    check(wait4(server, &status, 0, &usage) == server && status == 0, name);
    printf("%-12s %7.3f s of CPU\n", name, seconds(&usage.ru_utime) + seconds(&usage.ru_stime));
}

int main(int argc, char **argv)
{
    if (argc > 1)
        connections = (uint32_t)strtoul(argv[1], NULL, 10);
    unsigned long trips = argc > 2 ? strtoul(argv[2], NULL, 10) : 2000;
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    clients = calloc(connections, sizeof *clients);
    servers = calloc(connections, sizeof *servers);
    check(connections > 0 && clients != NULL && servers != NULL, "memory");
    connect_all();
    printf("%lu round trips on one of %u TCP connections:\n", trips, (unsigned)connections);
    fflush(stdout);
    measure("poll", by_poll, trips);
    measure("epoll", by_epoll, trips);
    measure("fdslots_wait", by_fdslots, trips);
    return EXIT_SUCCESS;
}
