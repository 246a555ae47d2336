/* SPDX-License-Identifier: ISC
 *
 * One waiter, many wakers and a storm of signals: no wake is lost, and no event is missed.
 *
 * Everything runs in rounds. In every round, every party sends one message in its own way: a wake,
 * a wake from a signal handler, a handler that interrupts the waiter itself, or a byte in a pipe.
 * The next round begins when the waiter has found all of them. It looks only if the buffer reports
 * something, so if the last wake of a round is lost, the round never ends.
 *
 *     stress_threads [COUNT]      COUNT rounds with each entry point
 */
#include "entry.h"
#include "env.h"
#include "guard.h"
#include "ring.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define STANDARD 3000

#define WAKERS  3
#define WRITERS 2
#define STORM   (WAKERS + WRITERS) /* the thread that sends signals to the waiter */
#define THREADS (STORM + 1)
#define WAITER  THREADS /* the last party is the waiter's own handler */
#define PARTIES (WAITER + 1)

/* The slots: one for each pipe, the waker, and one that changes all the time. */
#define WAKER_SLOT  WRITERS
#define MOVING_SLOT (WAKER_SLOT + 1)
#define SLOTS       (MOVING_SLOT + 1)

#define INTERRUPTS SIGUSR2 /* only interrupts the waiter; the handler of SIGUSR1 wakes */

static struct fdslots *s;
static const struct entry *entry;
static pthread_t waiter;
static sigset_t signals; /* both */
static long rounds;
static int pipes[WRITERS][2];
static atomic_long now; /* the round that is open; rounds + 1 at the end */
static atomic_long heard_in[PARTIES];
static _Thread_local int me;

static void speak_up(int party)
{
    atomic_store(&heard_in[party], atomic_load(&now));
    REQUIRE(fdslots_wake(s), 0);
}

static void on_signal(int signo)
{
    if (signo == SIGUSR1)
        speak_up(me);
}

/* ---- the parties ---- */

static void wake(long round)
{
    if (round % 2 == 0)
        speak_up(me);
    else
        raise(SIGUSR1);
}

static void write_byte(long round)
{
    const char byte = (char)round;
    REQUIRE(write(pipes[me - WAKERS][1], &byte, 1), 1);
}

/* The TSan of gcc 12 and clang 14 may call a handler later than the signal comes. If another signal
 * comes just then, all signals of the thread may stay blocked, so a round has only one. */
static void interrupt(long times)
{
    for (long i = 0; i < times && !UNDER_TSAN; i++)
        pthread_kill(waiter, INTERRUPTS);
}

static void send_signals(long round)
{
    interrupt(round % 4);
    pthread_kill(waiter, SIGUSR1);
    interrupt(round % 3);
}

static void *party(void *arg)
{
    me = *(int *)arg;
    pthread_sigmask(SIG_UNBLOCK, &signals, NULL); /* the thread has inherited the waiter's mask */
    uint64_t seed = (uint64_t)me;
    void (*const speak)(long round) = me < WAKERS ? wake : me < STORM ? write_byte : send_signals;
    for (long round = 1; round <= rounds; round++) {
        while (atomic_load(&now) < round)
            sched_yield();
        guard_dawdle(&seed);
        speak(round);
    }
    return NULL;
}

/* ---- the waiter ---- */

static int look_for_wakes(long round, bool *found)
{
    int news = 0;
    for (int i = 0; i < PARTIES; i++) {
        bool heard = atomic_load(&heard_in[i]) == round;
        news += heard && !found[i];
        found[i] |= heard;
    }
    return news;
}

static int read_byte(int writer, long round)
{
    char byte;
    REQUIRE(read(pipes[writer][0], &byte, 1), 1);
    REQUIRE(byte, (char)round);
    return 1;
}

/* Read what the buffer reports. Returns how many more parties were found. */
static int look(long round, bool *found)
{
    int news = 0;
    for (int writer = 0; writer < WRITERS; writer++)
        if (fdslots_get_revents(s, (uint32_t)writer) != 0)
            news += read_byte(writer, round);
    if (fdslots_get_revents(s, WAKER_SLOT) == 0)
        return news;
    REQUIRE(fdslots_waker_drain(s), 0);
    return news + look_for_wakes(round, found);
}

/* Change a slot, so that there is always something to tell the kernel. */
static void move(long round)
{
    int fd = pipes[0][1];
    if (round % 4 == 0)
        REQUIRE(fdslots_set_index(s, MOVING_SLOT, fd, POLLPRI), 0);
    else if (round % 4 == 1)
        REQUIRE(fdslots_pause_index(s, MOVING_SLOT), 0);
    else if (round % 4 == 2)
        REQUIRE(fdslots_resume_index(s, MOVING_SLOT), 0);
    else
        REQUIRE(fdslots_invalidate_index(s, MOVING_SLOT), 0);
}

/* Resize while other threads wake the buffer. The library's memory keeps its address. */
static void resize(long round)
{
    const uint32_t nslots = SLOTS + (uint32_t)(round % 100);
    REQUIRE(fdslots_resize(&s, nslots), 0);
}

static void run_round(long round, const sigset_t *mask)
{
    bool found[PARTIES] = {false};
    int left = PARTIES - 1; /* the storm arrives through the waiter's own handler */
    atomic_store(&now, round);
    while (left > 0) {
        resize(round + left);
        int rc = entry->wait(s, FDSLOTS_FOREVER, mask);
        if (rc != -EINTR) {
            REQUIRE(rc > 0, true);
            resize(round * left);
            left -= look(round, found);
        }
    }
    REQUIRE(left, 0);
    guard_step();
}

/* ---- one stage: all rounds with one entry point ---- */

static void begin(void)
{
    REQUIRE(fdslots_create(SLOTS, 0, &s), 0);
    for (int i = 0; i < WRITERS; i++) {
        REQUIRE(pipe2(pipes[i], O_CLOEXEC), 0);
        REQUIRE(fdslots_set_index(s, (uint32_t)i, pipes[i][0], POLLIN), 0);
    }
    REQUIRE(fdslots_waker_open(s, WAKER_SLOT), 0);
    REQUIRE(fdslots_set_index(s, MOVING_SLOT, pipes[0][1], POLLPRI), 0);
    atomic_store(&now, 0);
    for (int i = 0; i < PARTIES; i++)
        atomic_store(&heard_in[i], 0);
}

static void end(void)
{
    fdslots_destroy(s);
    for (int i = 0; i < WRITERS; i++) {
        close(pipes[i][0]);
        close(pipes[i][1]);
    }
}

static void run_rounds(const sigset_t *mask)
{
    pthread_t threads[THREADS];
    int names[THREADS];
    guard_says(entry->name);
    begin();
    for (int i = 0; i < THREADS; i++) {
        names[i] = i;
        REQUIRE(pthread_create(&threads[i], NULL, party, &names[i]), 0);
    }
    for (long round = 1; round <= rounds; round++) {
        move(round);
        run_round(round, mask);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    end();
}

/* The same, with signals that only the waits let in. */
static void run_masked(void)
{
    sigset_t open;
    pthread_sigmask(SIG_BLOCK, &signals, &open);
    run_rounds(&open);
    pthread_sigmask(SIG_SETMASK, &open, NULL);
}

static int stages(long count)
{
    const struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGUSR1, &action, NULL);
    sigaction(INTERRUPTS, &action, NULL);
    sigemptyset(&signals);
    sigaddset(&signals, SIGUSR1);
    sigaddset(&signals, INTERRUPTS);
    waiter = pthread_self();
    me = WAITER;
    rounds = count;
    ring_run(count);
    for (int i = 0; (entry = entry_at(i)) != NULL; i++) {
        run_rounds(NULL);
        if (entry->takes_mask)
            run_masked();
    }
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    long count = guard_count(argc, argv, STANDARD);
    int status = guard_run(stages, count);
    if (status == EXIT_SUCCESS)
        printf("%ld rounds with each entry point: no wake lost, no event missed\n", count);
    return status;
}
