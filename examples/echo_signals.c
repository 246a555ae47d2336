/* SPDX-License-Identifier: ISC
 *
 * SIGINT and SIGTERM in a program that waits with fdslots, in two ways:
 *
 *   by mask   They are blocked, and the mask of the wait lets them in. The wait returns -EINTR,
 *             and nothing else is ever interrupted. There is no race: a signal that comes between
 *             two waits stays pending until the next.
 *   by slot   For a wait without a mask, the handler writes to a pipe whose other end is in a slot
 *             like any other fd.
 */
#include "echo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <unistd.h>

static atomic_int caught; /* read by all threads of a server */
static int pipe_in = -1;  /* written by the handler */

static sigset_t ours;         /* SIGINT and SIGTERM */
static sigset_t mask_before;  /* the process's mask before signals_open() */
static sigset_t mask_waiting; /* mask_before without ours */
static struct sigaction int_before, term_before;

static void on_signal(int signo)
{
    int saved = errno;
    caught = signo;
    if (pipe_in >= 0) {
        ssize_t n = write(pipe_in, "", 1);
        (void)n; /* a full pipe is as good, because it is readable */
    }
    errno = saved;
}

static int open_pipe(struct signals *signals)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
        return -errno;
    signals->fd = ends[0];
    pipe_in = ends[1];
    return 0;
}

int signals_open(struct signals *signals, bool by_mask)
{
    *signals = (struct signals){.mask = NULL, .fd = -1};
    sigemptyset(&ours);
    sigaddset(&ours, SIGINT);
    sigaddset(&ours, SIGTERM);
    if (sigprocmask(by_mask ? SIG_BLOCK : SIG_UNBLOCK, &ours, &mask_before) < 0)
        return -errno;
    mask_waiting = mask_before;
    sigdelset(&mask_waiting, SIGINT);
    sigdelset(&mask_waiting, SIGTERM);
    if (by_mask)
        signals->mask = &mask_waiting;

    int rc = by_mask ? 0 : open_pipe(signals);
    struct sigaction action = {.sa_handler = on_signal, .sa_mask = ours};
    if (rc == 0 && (sigaction(SIGINT, &action, &int_before) < 0 ||
                    sigaction(SIGTERM, &action, &term_before) < 0))
        rc = -errno;
    return rc;
}

void signals_close(struct signals *signals)
{
    if (signals->fd < 0)
        return;
    int in = pipe_in;
    pipe_in = -1; /* a signal that comes now must not write into another file */
    close(in);
    close(signals->fd);
    signals->fd = -1;
}

int signals_caught(void)
{
    return caught;
}

void signals_check(void)
{
    sigset_t pending;
    sigpending(&pending);
    if (sigismember(&pending, SIGINT))
        caught = SIGINT;
    if (sigismember(&pending, SIGTERM))
        caught = SIGTERM;
}

void signals_undo(struct signals *signals)
{
    sigaction(SIGINT, &int_before, NULL);
    sigaction(SIGTERM, &term_before, NULL);
    sigprocmask(SIG_SETMASK, &mask_before, NULL);
    signals_close(signals);
}
