/* SPDX-License-Identifier: ISC
 *
 * Simulates a kernel that writes into the events of its pollfds, as gVisor does. The events of the
 * slots must stay as the caller has set them.
 */
#include "entry.h"
#include "env.h"
#include "wrapped_poll.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static unsigned calls;
static bool visible_only; /* leaves out the entries that poll(2) skips */
static bool cancels;      /* the thread is cancelled after the kernel has written */

static int write_events(struct pollfd *fds, nfds_t nfds, int rc)
{
    calls++;
    for (nfds_t i = 0; i < nfds; i++)
        if (fds[i].fd >= 0 || !visible_only)
            fds[i].events |= POLLERR | POLLHUP;
    if (cancels) {
        pthread_cancel(pthread_self());
        pthread_testcancel();
    }
    return rc;
}

int __wrap_poll(struct pollfd *fds, nfds_t nfds, int timeout_ms)
{
    return write_events(fds, nfds, __real_poll(fds, nfds, timeout_ms));
}

int __wrap_ppoll(struct pollfd *fds, nfds_t nfds, const struct timespec *timeout,
                 const sigset_t *sigmask)
{
    return write_events(fds, nfds, __real_ppoll(fds, nfds, timeout, sigmask));
}

/* ---- all kinds of slots, and their events ---- */

enum { EMPTY, WATCHED, SHARED, PAUSED, ONESHOT, CLOSED, PLAIN, LAST, SLOTS = 70 };

static const uint32_t set_to[LAST + 1] = {[WATCHED] = POLLIN,
                                          [SHARED] = POLLIN | POLLHUP,
                                          [PAUSED] = POLLOUT,
                                          [ONESHOT] = POLLIN | FDSLOTS_ONESHOT,
                                          [CLOSED] = POLLIN | POLLPRI,
                                          [PLAIN] = 0,
                                          [LAST] = POLLIN};
static uint32_t wanted[LAST + 1];

static int fill(struct fdslots *s, int fd)
{
    int failed = 0;
    for (uint32_t i = WATCHED; i <= LAST; i++)
        failed |= fdslots_set_index(s, i, i == CLOSED ? 1000 : fd, wanted[i]) != 0;
    return failed | (fdslots_pause_index(s, PAUSED) != 0);
}

static int compare(const struct fdslots *s, const char *when)
{
    int failed = 0;
    for (uint32_t i = 0; i <= LAST; i++) {
        const uint32_t got = (uint32_t)fdslots_get_events(s, i);
        const uint32_t viewed = (uint16_t)fdslots_view(s)[i].events;
        if (got == wanted[i] && viewed == (wanted[i] & 0xffff))
            continue;
        fprintf(stderr, "%s: slot %u has events %#x, and in the view %#x, not %#x\n", when,
                (unsigned)i, (unsigned)got, (unsigned)viewed, (unsigned)wanted[i]);
        failed = 1;
    }
    return failed;
}

/* If the ready set may be full, the library calls poll(2) in another way. */
static int check_waits(const struct entry *e, struct fdslots *s, uint32_t max_ready, int fd)
{
    sigset_t none;
    sigemptyset(&none);
    int failed = fdslots_set_max_ready(s, max_ready) != 0;
    failed |= fill(s, fd);
    for (int again = 0; again < 3; again++) {
        failed |= e->wait(s, 0, e->takes_mask && again == 1 ? &none : NULL) < 1;
        failed |= compare(s, e->name);
    }
    failed |= fdslots_set_events(s, WATCHED, wanted[WATCHED]) != 0;
    failed |= fdslots_resume_index(s, PAUSED) != 0;
    failed |= e->wait(s, 0, NULL) < 1;
    return failed | compare(s, e->name);
}

/* The state of the last slot decides how the library notices the writing. */
static int check_entry(const struct entry *e, uint32_t last, int fd)
{
    struct fdslots *s;
    int failed = 0;
    for (uint32_t max_ready = 1; max_ready <= SLOTS; max_ready += SLOTS - 1) {
        memcpy(wanted, set_to, sizeof wanted);
        wanted[LAST] = last;
        if (fdslots_create(SLOTS, FDSLOTS_NO_EPOLL, &s) != 0)
            return 1;
        failed |= check_waits(e, s, max_ready, fd);
        fdslots_destroy(s);
    }
    return failed;
}

/* ---- a wait that is cancelled ---- */

static void *wait_cancelled(void *slots)
{
    fdslots_poll(slots, SLOTS, 0);
    return NULL;
}

/* Nothing ends such a wait, so the events are not written back before the next one. To set what the
 * kernel has written is a change nevertheless. */
static int check_cancelled(int fd)
{
    struct fdslots *s;
    pthread_t thread;
    void *result;
    memset(wanted, 0, sizeof wanted);
    wanted[WATCHED] = POLLIN | POLLERR | POLLHUP;
    if (fdslots_create(SLOTS, FDSLOTS_NO_EPOLL, &s) != 0 ||
        fdslots_set_index(s, WATCHED, fd, POLLIN) != 0)
        return 1;
    cancels = true;
    int failed = pthread_create(&thread, NULL, wait_cancelled, s) != 0 ||
                 pthread_join(thread, &result) != 0 || result != PTHREAD_CANCELED;
    cancels = false;
    failed |= fdslots_set_events(s, WATCHED, wanted[WATCHED]) != 0;
    failed |= compare(s, "after a cancelled wait");
    failed |= fdslots_poll(s, SLOTS, 0) != 1;
    failed |= compare(s, "in the wait after it");
    fdslots_destroy(s);
    return failed;
}

int main(void)
{
    static const enum entry_point points[] = {ENTRY_POLL, ENTRY_PPOLL, ENTRY_WAIT};
    static const uint32_t last[] = {POLLIN, 0, POLLIN | POLLERR, POLLERR | POLLHUP,
                                    POLLIN | POLLERR | POLLHUP | POLLNVAL};
    int failed = 0;
    int p[2];
    alarm(WATCHDOG_S);
    if (pipe(p) < 0 || write(p[1], "x", 1) != 1)
        return EXIT_FAILURE;
    for (size_t i = 0; i < 2 * sizeof points / sizeof points[0]; i++)
        for (size_t k = 0; k < sizeof last / sizeof last[0]; k++) {
            const struct entry *e = entry_for(points[i / 2]);
            visible_only = i % 2 == 1;
            if (e != NULL)
                failed |= check_entry(e, last[k], p[0]);
        }
    failed |= calls > 0 && check_cancelled(p[0]);
    if (calls == 0) {
        printf("skipped: the linker cannot replace functions (--wrap)\n");
        return EXIT_SKIP;
    }
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
