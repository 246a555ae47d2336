/* SPDX-License-Identifier: ISC
 *
 * A signal that is blocked outside a wait and let in by the mask of the wait must end the wait,
 * whenever it comes. It is the SIGCHLD of a child that ends at this moment, or the SIGUSR1 of a
 * peer that waits in the same way. If the kernel did not change the mask together with the wait, a
 * signal in between would be lost, and the wait would last for ever.
 *
 *     stress_sigchld [COUNT]      COUNT children, and COUNT signals each way
 */
#include "entry.h"
#include "env.h"
#include "guard.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define STANDARD 20000
/* A timeout that is not a whole number of milliseconds. */
#define HOUR_NS (INT64_C(3600) * 1000000000 + 1)

static volatile sig_atomic_t seen;
static uint64_t seed;

static void count_signal(int signo)
{
    (void)signo;
    seen++;
}

/* Block the signal from now on. Returns the mask that lets it in. */
static sigset_t block(int signo)
{
    const struct sigaction action = {.sa_handler = count_signal};
    sigset_t set;
    sigset_t open;
    sigaction(signo, &action, NULL);
    sigemptyset(&set);
    sigaddset(&set, signo);
    sigprocmask(SIG_BLOCK, &set, &open);
    sigdelset(&open, signo);
    return open;
}

/* ---- a buffer with a slot that can be made ready ---- */

struct waiter {
    struct fdslots *s;
    int ends[2];
    sigset_t open;
};

static void waiter_begin(struct waiter *w, int signo)
{
    w->open = block(signo);
    REQUIRE(pipe(w->ends), 0);
    REQUIRE(fdslots_create(4, 0, &w->s), 0);
    REQUIRE(fdslots_set_index(w->s, 2, w->ends[0], POLLIN), 0);
}

static void waiter_end(struct waiter *w)
{
    fdslots_destroy(w->s);
    close(w->ends[0]);
    close(w->ends[1]);
}

/* The entry points that take a mask. */
static const struct entry *masked[16];
static long masked_count;

static void find_masked(void)
{
    const struct entry *e;
    for (int i = 0; (e = entry_at(i)) != NULL; i++)
        if (e->takes_mask)
            masked[masked_count++] = e;
}

/* A ready slot wins over the signal, which is left for the next wait. */
static void wait_with_ready_slot(struct waiter *w, const struct entry *e)
{
    char byte = 'x';
    REQUIRE(write(w->ends[1], &byte, 1), 1);
    REQUIRE(e->wait(w->s, FDSLOTS_FOREVER, &w->open), 1);
    REQUIRE(seen, 0);
    REQUIRE(read(w->ends[0], &byte, 1), 1);
}

static int wait_in_some_way(struct waiter *w, const struct entry *e, long turn)
{
    int rc = 0;
    if (turn % 8 == 0)
        rc = e->wait(w->s, 0, &w->open);
    if (turn % 8 == 1)
        return e->wait(w->s, HOUR_NS, &w->open);
    if (turn % 8 == 2)
        wait_with_ready_slot(w, e);
    return rc == 0 ? e->wait(w->s, FDSLOTS_FOREVER, &w->open) : rc;
}

/* Wait for the one signal that is on its way. It ends the wait, and by then its handler has run. */
static void wait_for_signal(struct waiter *w, long turn)
{
    const struct entry *e = masked[turn % masked_count];
    guard_says(e->name);
    guard_dawdle(&seed);
    REQUIRE(wait_in_some_way(w, e, turn), -EINTR);
    REQUIRE(seen, 1);
    seen = 0;
    guard_step();
}

/* ---- children ---- */

/* vfork(2) lets the parent go on shortly before the kernel sends its SIGCHLD. */
static pid_t start_child(void)
{
    pid_t child = vfork();
    if (child == 0)
        _exit(0);
    return child;
}

static int children(long count)
{
    struct waiter w;
    waiter_begin(&w, SIGCHLD);
    for (long turn = 0; turn < count; turn++) {
        pid_t child = start_child();
        REQUIRE(child > 0, true);
        wait_for_signal(&w, turn);
        REQUIRE(waitpid(child, NULL, WNOHANG), child);
    }
    waiter_end(&w);
    return EXIT_SUCCESS;
}

/* ---- a peer ---- */

static void answer(pid_t peer, long count)
{
    struct waiter w;
    waiter_begin(&w, SIGUSR1);
    for (long turn = 0; turn < count; turn++) {
        wait_for_signal(&w, turn + 1); /* another entry point than on the other side */
        guard_dawdle(&seed);
        REQUIRE(kill(peer, SIGUSR1), 0);
    }
    waiter_end(&w);
}

static int peers(long count)
{
    struct waiter w;
    pid_t self = getpid();
    int status;
    waiter_begin(&w, SIGUSR1);
    fflush(stdout);
    pid_t peer = fork();
    REQUIRE(peer >= 0, true);
    if (peer == 0) {
        seed = 1;
        answer(self, count);
        _exit(EXIT_SUCCESS);
    }
    for (long turn = 0; turn < count; turn++) {
        REQUIRE(kill(peer, SIGUSR1), 0);
        wait_for_signal(&w, turn);
    }
    REQUIRE(waitpid(peer, &status, 0), peer);
    REQUIRE(status, 0);
    waiter_end(&w);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    long count = guard_count(argc, argv, STANDARD);
    find_masked();
    if (masked_count == 0)
        return skip_program("no entry point takes a mask here");
    int status = guard_run(children, count);
    if (status == EXIT_SUCCESS)
        printf("%ld children: no SIGCHLD lost\n", count);
    if (status == EXIT_SUCCESS)
        status = guard_run(peers, count);
    if (status == EXIT_SUCCESS)
        printf("%ld signals each way: none lost\n", count);
    return status;
}
