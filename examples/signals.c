/* SPDX-License-Identifier: ISC
 *
 * A supervisor, which keeps commands running and reports their state over TCP. It waits for
 * children, a timer and a socket at once, without a pipe or a thread for the signals. They are
 * blocked except in the wait, whose mask lets them in, so that none can come between a check and
 * the wait.
 *
 *     slot 0   the socket that reports the status
 *          1   a timerfd: when the next command must be started, or the remaining ones killed
 */
#include "server.h"
#include "signals.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { SLOT_STATUS, SLOT_TIMER, SLOTS };
enum { STATUS_SIZE = 4096 };

struct supervisor {
    struct fdslots *s;
    struct children *children;
    int timer; /* also in its slot */
};

static int complain(const char *what, int rc)
{
    fprintf(stderr, "signals: %s: %s\n", what, strerror(-rc));
    return rc;
}

/* ---- Signals ---- */

static volatile sig_atomic_t asked_to_end; /* the signal that asked for the end */
/* SIGCHLD, SIGINT and SIGTERM: blocked except in the wait */
static sigset_t ours;
static sigset_t mask_before;  /* the mask for the children */
static sigset_t mask_waiting; /* the mask from before, without these signals */

/* SIGCHLD need not be recorded, because the interrupted wait says enough. */
static void on_signal(int signo)
{
    if (signo != SIGCHLD)
        asked_to_end = signo;
}

static int block_signals(void)
{
    static const int each[] = {SIGCHLD, SIGINT, SIGTERM};
    sigemptyset(&ours);
    for (size_t i = 0; i < sizeof each / sizeof each[0]; i++)
        sigaddset(&ours, each[i]);
    if (sigprocmask(SIG_BLOCK, &ours, &mask_before) < 0)
        return -errno;
    mask_waiting = mask_before;
    struct sigaction action = {.sa_handler = on_signal, .sa_mask = ours};
    for (size_t i = 0; i < sizeof each / sizeof each[0]; i++) {
        sigdelset(&mask_waiting, each[i]);
        if (sigaction(each[i], &action, NULL) < 0)
            return -errno;
    }
    return 0;
}

/* Ready slots win over a signal. While some slot is always ready, the wait would let in no
 * signal. */
static void take_pending_signals(void)
{
    static const struct timespec at_once = {0, 0};
    int signo;
    while ((signo = sigtimedwait(&ours, NULL, &at_once)) > 0)
        on_signal(signo);
}

/* ---- The status socket ---- */

/* A status is so small that a new socket takes all of it. */
static void send_status(const struct supervisor *sv, int fd)
{
    char text[STATUS_SIZE];
    size_t length = children_describe(sv->children, text, sizeof text);
    if (send(fd, text, length, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
        complain("status", -errno);
}

static void answer(const struct supervisor *sv, int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0) {
        send_status(sv, fd);
        close(fd);
    } else if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR) {
        complain("status is no longer given: accept", -errno); /* else it would be ready for ever */
        fdslots_invalidate_index(sv->s, SLOT_STATUS);
    }
}

/* ---- The timer ---- */

/* Set the timer to the time when the children next need care. A time of 0 turns it off. */
static int set_timer(const struct supervisor *sv)
{
    struct itimerspec at = {.it_value = children_due(sv->children)};
    return timerfd_settime(sv->timer, TFD_TIMER_ABSTIME, &at, NULL) < 0 ? -errno : 0;
}

static void timer_ran_out(int timer)
{
    uint64_t times; /* reading this makes the timer unready */
    if (read(timer, &times, sizeof times) < 0 && errno != EAGAIN)
        complain("timer", -errno);
}

/* ---- The loop ---- */

static int on_ready(void *arg, uint32_t index, int fd, uint32_t revents)
{
    struct supervisor *sv = arg;
    (void)revents;
    if (index == SLOT_STATUS)
        answer(sv, fd);
    else
        timer_ran_out(fd);
    return 0;
}

static int supervise(struct supervisor *sv)
{
    for (;;) {
        children_reap(sv->children);
        if (asked_to_end != 0)
            children_end(sv->children);
        children_care(sv->children);
        if (children_all_done(sv->children))
            return 0;
        int rc = set_timer(sv);
        if (rc < 0)
            return complain("timer", rc);
        int n = fdslots_wait(sv->s, FDSLOTS_FOREVER, &mask_waiting);
        if (n == -EINTR)
            continue;
        if (n < 0)
            return complain("wait", n);
        fdslots_iter_ready(sv->s, on_ready, sv);
        take_pending_signals();
    }
}

/* ---- Starting ---- */

static int open_all(struct supervisor *sv, uint16_t *port)
{
    int rc = fdslots_create(SLOTS, 0, &sv->s);
    if (rc < 0)
        return complain("slots", rc);
    int status = listen_on(port, false);
    if (status < 0)
        return complain("listen", status);
    sv->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (sv->timer < 0)
        rc = complain("timer", -errno);
    /* An fd of -1 leaves its slot empty. */
    fdslots_set_index(sv->s, SLOT_STATUS, status, POLLIN);
    fdslots_set_index(sv->s, SLOT_TIMER, sv->timer, POLLIN);
    return rc;
}

static void close_all(struct supervisor *sv)
{
    if (sv->s != NULL)
        for (uint32_t i = 0; i < SLOTS; i++)
            fdslots_close_index(sv->s, i);
    fdslots_destroy(sv->s);
}

static int run(struct supervisor *sv, uint16_t port)
{
    int rc = block_signals();
    if (rc < 0)
        return complain("signals", rc);
    rc = open_all(sv, &port);
    if (rc == 0) {
        printf("listening on port %d\n", port);
        rc = supervise(sv);
    }
    close_all(sv);
    if (rc == 0 && asked_to_end != 0)
        printf("ended by %s\n", strsignal(asked_to_end));
    return rc;
}

static int usage(int status)
{
    fprintf(
        status == 0 ? stdout : stderr,
        "Usage: signals [OPTION]... COMMAND...\n"
        "Run every COMMAND with sh, and start it again if it fails, until all have succeeded.\n"
        "SIGINT and SIGTERM end them. Every connection to the port receives their status.\n\n"
        "  --port N    listen on port N of 127.0.0.1; 0, the default, takes a free one\n"
        "  --delay MS  start a failed command again after MS milliseconds (default 1000)\n"
        "  --grace MS  kill commands that still run MS milliseconds after SIGTERM (default "
        "5000)\n"
        "  --help      print this help and exit\n\n"
        "Exit status: 0 success, 1 failure, 2 wrong usage, 3 no support for signal masks here.\n");
    return status;
}

int main(int argc, char **argv)
{
    static const struct option known[] = {{"port", required_argument, NULL, 'p'},
                                          {"delay", required_argument, NULL, 'd'},
                                          {"grace", required_argument, NULL, 'g'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    long port = 0, delay = 1000, grace = 5000;
    int option;
    bool valid = true;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (option == 'h')
            return usage(0);
        valid = valid && option != '?' &&
                parse_number(optarg, 0, option == 'p' ? UINT16_MAX : 86400000,
                             option == 'p'   ? &port
                             : option == 'd' ? &delay
                                             : &grace);
    }
    if (!valid || optind == argc)
        return usage(EXIT_USAGE);
    if (fdslots_has(FDSLOTS_HAS_PPOLL) != 1 && fdslots_has(FDSLOTS_HAS_EPOLL) != 1) {
        fprintf(stderr, "signals: no wait takes a signal mask here\n");
        return EXIT_UNSUPPORTED;
    }
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ); /* another program may wait for a line */
    struct supervisor sv = {.timer = -1};
    sv.children =
        children_create(argv + optind, (uint32_t)(argc - optind), &mask_before, delay, grace);
    int rc = sv.children != NULL ? run(&sv, (uint16_t)port) : complain("children", -ENOMEM);
    free(sv.children);
    return rc == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
