/* SPDX-License-Identifier: ISC
 *
 * A thread is cancelled inside poll(2) when the kernel has already written its answer into the
 * slots. glibc before 2.41 does this if the cancellation comes just as the call returns. The next
 * wait must report what is ready.
 */
#include "entry.h"
#include "env.h"
#include "wrapped_poll.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool must_end; /* the next call ends its thread */
static unsigned ended;

static int end_thread(int rc)
{
    if (must_end) {
        must_end = false;
        ended++;
        pthread_exit(NULL);
    }
    return rc;
}

int __wrap_poll(struct pollfd *fds, nfds_t nfds, int timeout_ms)
{
    return end_thread(__real_poll(fds, nfds, timeout_ms));
}

int __wrap_ppoll(struct pollfd *fds, nfds_t nfds, const struct timespec *timeout,
                 const sigset_t *sigmask)
{
    return end_thread(__real_ppoll(fds, nfds, timeout, sigmask));
}

enum { READY = 3, IDLE = 5, SLOTS = 8 };

static const struct entry *first;
static struct fdslots *s;

static void *wait_once(void *mask)
{
    first->wait(s, 0, mask);
    return NULL;
}

/* Wait in a thread that ends inside poll(2). */
static int cut_a_wait_short(sigset_t *mask)
{
    pthread_t thread;
    must_end = true;
    return pthread_create(&thread, NULL, wait_once, mask) != 0 || pthread_join(thread, NULL) != 0;
}

static int check(const struct entry *next, const char *when)
{
    const int rc = next->wait(s, 0, NULL);
    const int revents = fdslots_get_revents(s, READY);
    if (rc == 1 && revents == POLLIN)
        return 0;
    fprintf(stderr, "%s cut short, %s%s: %d slots, revents %#x\n", first->name, next->name, when,
            rc, (unsigned)revents);
    return 1;
}

/* No wait has reported what the kernel has written. */
static int check_silence(const char *name)
{
    uint32_t count;
    fdslots_ready(s, &count);
    const int revents = fdslots_get_revents(s, READY);
    if (count == 0 && revents == 0)
        return 0;
    fprintf(stderr, "%s cut short: %u ready slots, revents %#x\n", name, (unsigned)count,
            (unsigned)revents);
    return 1;
}

/* The kernel's set knows the slots before the thread ends. */
static int check_pair(const struct entry *next, sigset_t *mask, int fd, int idle)
{
    if (fdslots_create(SLOTS, 0, &s) != 0)
        return 1;
    int failed = fdslots_set_index(s, READY, fd, POLLIN) != 0;
    failed |= fdslots_set_index(s, IDLE, idle, POLLIN) != 0;
    failed |= check(next, ", before that");
    failed |= cut_a_wait_short(mask);
    failed |= check_silence(first->name);
    failed |= check(next, "");
    failed |= check(next, ", once more");
    fdslots_destroy(s);
    return failed;
}

int main(void)
{
    static const enum entry_point points[] = {ENTRY_POLL, ENTRY_PPOLL};
    int failed = 0;
    int ready[2], idle[2];
    sigset_t none;
    sigemptyset(&none);
    alarm(WATCHDOG_S);
    if (pipe(ready) < 0 || pipe(idle) < 0 || write(ready[1], "x", 1) != 1)
        return EXIT_FAILURE;
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++)
        for (int k = 0; k < entry_count(); k++) {
            first = entry_for(points[i]);
            if (first != NULL)
                failed |=
                    check_pair(entry_at(k), first->takes_mask ? &none : NULL, ready[0], idle[0]);
        }
    if (ended == 0) {
        printf("skipped: the linker cannot replace functions (--wrap)\n");
        return EXIT_SKIP;
    }
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
