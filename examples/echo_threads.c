/* SPDX-License-Identifier: ISC
 *
 * One server in each of several threads. A buffer has only one waiter, so every thread has a buffer
 * of its own. The threads share nothing except perhaps the listeners:
 *
 *     own listeners      All are on one port by SO_REUSEPORT. The kernel chooses a thread for every
 *                        connection, by a hash of its addresses, even if that thread is not free.
 *     shared listeners   They are in FDSLOTS_EXCLUSIVE slots of every buffer. A connection wakes
 *                        one of the threads that wait, not all.
 */
#include "echo.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

struct member {
    pthread_t thread;
    struct server_setup setup;
    struct server_stats *stats;
    int ending; /* fd to write to at the end */
    int rc;
};

/* ---- Listeners ---- */

int team_open(struct team *team, uint32_t threads, bool shared, const struct listening *how)
{
    *team = (struct team){.threads = threads, .shared = shared, .ending = {-1, -1}};
    team->listeners = calloc(threads, sizeof *team->listeners);
    if (team->listeners == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < threads; i++)
        team->listeners[i] = (struct listeners){.fd = {-1, -1}};
    team->stats = calloc(threads, sizeof *team->stats);
    if (team->stats == NULL)
        return -ENOMEM;
    if (pipe2(team->ending, O_CLOEXEC) < 0)
        return -errno;
    struct listening each = *how;
    each.shared_port = threads > 1 && !shared;
    int rc = 0;
    for (uint32_t i = 0; i < (shared ? 1 : threads) && rc == 0; i++) {
        rc = listeners_open(&team->listeners[i], &each);
        /* For the first listener, this may have been any free port. */
        each.port = team->listeners[i].port;
    }
    return rc;
}

void team_stop_listening(struct team *team)
{
    for (uint32_t i = 0; team->listeners != NULL && i < team->threads; i++)
        listeners_close(&team->listeners[i]);
}

void team_close(struct team *team)
{
    team_stop_listening(team);
    for (int end = 0; end < 2; end++)
        if (team->ending[end] >= 0)
            close(team->ending[end]);
    free(team->listeners);
    free(team->stats);
}

/* ---- Running ---- */

static void *run(void *arg)
{
    struct member *member = arg;
    /* On the stack, where no other thread writes to the same cache line. */
    struct server_stats stats = {0};
    member->rc = server_run(&member->setup, &stats);
    *member->stats = stats;
    ssize_t n = write(member->ending, "", 1);
    (void)n; /* this few bytes fit into a pipe */
    return NULL;
}

static void prepare(struct member *members, const struct team *team,
                    const struct server_setup *setup)
{
    static const struct signals none = {.mask = NULL, .fd = -1};
    for (uint32_t i = 0; i < team->threads; i++) {
        struct member *member = &members[i];
        member->setup = *setup;
        member->setup.listeners = &team->listeners[team->shared ? 0 : i];
        member->setup.exclusive = team->shared;
        if (i > 0)
            member->setup.signals = &none;
        if (i > 0 || setup->until_fd < 0)
            member->setup.until_fd = team->ending[0];
        member->stats = &team->stats[i];
        member->ending = team->ending[1];
    }
}

/* Start all threads but the first, which is the caller. Returns how many run. Signals are for the
 * caller, so the other threads block them all. */
static uint32_t start(struct member *members, uint32_t threads, int *rc)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    uint32_t started = 1;
    *rc = 0;
    while (started < threads && *rc == 0) {
        *rc = -pthread_create(&members[started].thread, NULL, run, &members[started]);
        started += *rc == 0;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

static int run_all(struct member *members, uint32_t threads)
{
    int rc;
    uint32_t started = start(members, threads, &rc);
    if (rc < 0) {
        complain("thread", rc);
        ssize_t n = write(members[0].ending, "", 1);
        (void)n;
    } else {
        run(&members[0]);
        rc = members[0].rc;
    }
    for (uint32_t i = 1; i < started; i++) {
        pthread_join(members[i].thread, NULL);
        rc = rc < 0 ? rc : members[i].rc;
    }
    return rc;
}

int team_run(struct team *team, const struct server_setup *setup)
{
    struct member *members = calloc(team->threads, sizeof *members);
    if (members == NULL)
        return complain("threads", -ENOMEM);
    prepare(members, team, setup);
    int rc = run_all(members, team->threads);
    free(members);
    return rc;
}

struct server_stats team_stats(const struct team *team)
{
    struct server_stats total = {0};
    for (uint32_t i = 0; i < team->threads; i++) {
        const struct server_stats *stats = &team->stats[i];
        total.waits += stats->waits;
        total.accepts += stats->accepts;
        total.reads += stats->reads;
        total.writes += stats->writes;
        total.closes += stats->closes;
        total.signal_checks += stats->signal_checks;
        total.connections += stats->connections;
        total.bytes += stats->bytes;
        total.slow_peers += stats->slow_peers;
        total.not_reading += stats->not_reading;
        total.accept_errors += stats->accept_errors;
        total.open += stats->open;
        total.most_open += stats->most_open;
    }
    return total;
}
