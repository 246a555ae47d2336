/* SPDX-License-Identifier: ISC
 *
 * Measures the prices with which fdslots_wait() starts (src/wait/prices.h) on this machine, and
 * prints them as compiler flags, which override those of that file.
 *
 * Every constant is the difference of loops that differ in one thing. All loops run in turn, many
 * times, and the median of each one counts. The time that poll(2) takes for a slot depends on the
 * kind of file. stdout has the time for an eventfd. stderr has those for other kinds, for programs
 * that mostly wait for these.
 */
#include <fdslots.h>

#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SLOTS  256
#define HOLES  4096
#define ROUNDS 41
#define CALLS  1000

static struct pollfd one[1];       /* a quiet file */
static struct pollfd quiet[SLOTS]; /* all of them quiet */
/* Only the last one ready. */
static struct pollfd last[SLOTS];
static struct pollfd pipes[SLOTS], unix_sockets[SLOTS], tcp_sockets[SLOTS]; /* quiet, too */
/* Holes before a quiet file. */
static struct pollfd holes[HOLES + 1];
static int ep_quiet, ep_one, ep_all; /* sets of SLOTS files with none, one and all ready */
static struct epoll_event events[SLOTS];
static struct fdslots *slots;

static void must(bool good)
{
    if (good)
        return;
    perror("measure");
    exit(EXIT_FAILURE);
}

/* ---- the loops ---- */

static void poll_one(void)
{
    poll(one, 1, 0);
}

static void poll_quiet(void)
{
    poll(quiet, SLOTS, 0);
}

static void poll_pipes(void)
{
    poll(pipes, SLOTS, 0);
}

static void poll_unix_sockets(void)
{
    poll(unix_sockets, SLOTS, 0);
}

static void poll_tcp_sockets(void)
{
    poll(tcp_sockets, SLOTS, 0);
}

static void poll_last(void)
{
    poll(last, SLOTS, 0);
}

static void poll_last_blocking(void)
{
    poll(last, SLOTS, -1);
}

static void poll_holes(void)
{
    poll(holes, HOLES + 1, 0);
}

static void epoll_quiet(void)
{
    epoll_wait(ep_quiet, events, SLOTS, 0);
}

static void epoll_one(void)
{
    epoll_wait(ep_one, events, SLOTS, 0);
}

static void epoll_all(void)
{
    epoll_wait(ep_all, events, SLOTS, 0);
}

static void epoll_mod(void)
{
    static struct epoll_event event;
    event.events ^= EPOLLIN;
    epoll_ctl(ep_quiet, EPOLL_CTL_MOD, quiet[0].fd, &event);
}

static void epoll_add_del(void)
{
    struct epoll_event event = {.events = EPOLLIN};
    epoll_ctl(ep_one, EPOLL_CTL_ADD, quiet[1].fd, &event);
    epoll_ctl(ep_one, EPOLL_CTL_DEL, quiet[1].fd, &event);
}

static void slots_set(void)
{
    for (uint32_t i = 0; i < SLOTS; i++)
        fdslots_set_events(slots, i, POLLIN);
}

static void slots_wait(void)
{
    fdslots_epoll_wait(slots, 0);
}

static void slots_set_and_wait(void)
{
    slots_set();
    slots_wait();
}

enum {
    P_ONE,
    P_QUIET,
    P_PIPES,
    P_UNIX,
    P_TCP,
    P_LAST,
    P_BLOCK,
    P_HOLES,
    E_QUIET,
    E_ONE,
    E_ALL,
    E_MOD,
    E_ADD_DEL,
    S_WAIT,
    S_SET_WAIT,
    S_SET,
    LOOPS
};

static void (*const loops[LOOPS])(void) = {
    [P_ONE] = poll_one,
    [P_QUIET] = poll_quiet,
    [P_PIPES] = poll_pipes,
    [P_UNIX] = poll_unix_sockets,
    [P_TCP] = poll_tcp_sockets,
    [P_LAST] = poll_last,
    [P_BLOCK] = poll_last_blocking,
    [P_HOLES] = poll_holes,
    [E_QUIET] = epoll_quiet,
    [E_ONE] = epoll_one,
    [E_ALL] = epoll_all,
    [E_MOD] = epoll_mod,
    [E_ADD_DEL] = epoll_add_del,
    [S_WAIT] = slots_wait,
    [S_SET_WAIT] = slots_set_and_wait,
    [S_SET] = slots_set,
};

/* ---- measuring ---- */

static double cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double timed(void (*loop)(void), int calls)
{
    double start = cpu_ns();
    for (int i = 0; i < calls; i++)
        loop();
    return (cpu_ns() - start) / calls;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static void measure(double *ns)
{
    static double samples[LOOPS][ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < LOOPS; i++) {
            double once = timed(loops[i], 2); /* also warms up */
            samples[i][round] = timed(loops[i], once < 2000 ? CALLS : CALLS / 10);
        }
    }
    for (int i = 0; i < LOOPS; i++) {
        qsort(samples[i], ROUNDS, sizeof samples[i][0], by_size);
        ns[i] = samples[i][ROUNDS / 2];
    }
}

/* ---- the files that the loops use ---- */

static int open_one(bool ready)
{
    int fd = eventfd(ready, EFD_NONBLOCK);
    must(fd >= 0);
    return fd;
}

static int open_pipe(void)
{
    int ends[2];
    must(pipe(ends) == 0);
    return ends[0];
}

static int open_unix_socket(void)
{
    int ends[2];
    must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    return ends[0];
}

static int open_tcp_socket(void)
{
    static int listener = -1;
    static struct sockaddr_in name = {.sin_family = AF_INET};
    socklen_t size = sizeof name;
    if (listener < 0) {
        name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        listener = socket(AF_INET, SOCK_STREAM, 0);
        must(bind(listener, (struct sockaddr *)&name, size) == 0 && listen(listener, 1) == 0 &&
             getsockname(listener, (struct sockaddr *)&name, &size) == 0);
    }
    must(connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&name, size) == 0);
    return accept(listener, NULL, NULL);
}

static void add(int ep, int fd)
{
    struct epoll_event event = {.events = EPOLLIN};
    must(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event) == 0);
}

static void prepare(void)
{
    ep_quiet = epoll_create1(0);
    ep_one = epoll_create1(0);
    ep_all = epoll_create1(0);
    must(ep_quiet >= 0 && ep_one >= 0 && ep_all >= 0);
    must(fdslots_create(SLOTS, 0, &slots) == 0);
    for (uint32_t i = 0; i < SLOTS; i++) {
        quiet[i] = (struct pollfd){.fd = open_one(false), .events = POLLIN};
        last[i] = quiet[i];
        pipes[i] = (struct pollfd){.fd = open_pipe(), .events = POLLIN};
        unix_sockets[i] = (struct pollfd){.fd = open_unix_socket(), .events = POLLIN};
        tcp_sockets[i] = (struct pollfd){.fd = open_tcp_socket(), .events = POLLIN};
        add(ep_quiet, quiet[i].fd);
        add(ep_all, open_one(true));
        fdslots_set_index(slots, i, quiet[i].fd, POLLIN);
    }
    one[0] = quiet[0];
    last[SLOTS - 1].fd = open_one(true);
    add(ep_one, last[SLOTS - 1].fd);
    for (int i = 0; i < HOLES; i++)
        holes[i].fd = -1;
    holes[HOLES] = quiet[0];
}

/* ---- printing ---- */

/* Print in tenths of a nanosecond. Noise can make a difference negative; it counts as 0. */
static void print(const char *name, double ns)
{
    printf(" -D%s=%ld", name, ns > 0.05 ? (long)(ns * 10 + 0.5) : 0);
}

static void print_constants(const double *ns)
{
    double slot = (ns[P_QUIET] - ns[P_ONE]) / (SLOTS - 1);
    double call = ns[P_ONE] - slot;
    double ready = (ns[E_ALL] - ns[E_ONE]) / (SLOTS - 1);
    double change = (ns[S_SET_WAIT] - ns[S_WAIT] - ns[S_SET]) / SLOTS;
    print("COST_POLL_CALL", call);
    print("COST_POLL_SLOT", slot);
    print("COST_POLL_QUEUE", (ns[P_BLOCK] - ns[P_LAST]) / (SLOTS - 1));
    print("COST_POLL_HOLE", (ns[P_HOLES] - ns[P_ONE]) / HOLES);
    print("COST_EPOLL_CALL", ns[E_QUIET]);
    print("COST_EPOLL_REPORT", ns[E_ONE] - ready - ns[E_QUIET]);
    print("COST_EPOLL_READY", ready);
    print("COST_EPOLL_MOD", ns[E_MOD]);
    print("COST_EPOLL_ADD", ns[E_ADD_DEL] / 2);
    print("COST_CHANGE", change);
    printf("\n");
    fprintf(stderr, "poll(2), ns for a slot: pipe %.0f, Unix socket %.0f, TCP socket %.0f\n",
            (ns[P_PIPES] - call) / SLOTS, (ns[P_UNIX] - call) / SLOTS, (ns[P_TCP] - call) / SLOTS);
}

int main(void)
{
    double ns[LOOPS];
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    prepare();
    measure(ns);
    print_constants(ns);
    fdslots_destroy(slots);
    return EXIT_SUCCESS;
}
