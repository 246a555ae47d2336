/* SPDX-License-Identifier: ISC
 *
 * Makes every system call of the library fail: at every occurrence in turn, with every error, once
 * and for a while. Every scenario runs with every entry point, first without a failure, to learn
 * which calls it makes.
 *
 *     faults [SCENARIO]
 */
#include "env.h"
#include "fault_scenarios.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define A_WHILE 20 /* calls */

static unsigned long runs;

static void run(const struct scenario *scenario, const struct way *way)
{
    struct world w;
    world_make(&w, way, scenario->flags);
    scenario->run(&w);
    world_end(&w);
    runs++;
}

/* If epoll_pwait2(2) seems to be missing, the library remembers that for the life of the
 * process. */
static bool is_believed(enum fault_call kind, int error)
{
    return kind == FAULT_EPOLL_PWAIT2 && (error == ENOSYS || error == EPERM);
}

static void run_in_child(const struct scenario *scenario, const struct way *way)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        run(scenario, way);
        _exit(EXIT_SUCCESS);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
        exit(EXIT_FAILURE);
    runs++;
}

static void run_with(const struct scenario *scenario, const struct way *way, uint32_t at,
                     enum fault_call kind, int error, uint32_t length)
{
    fault_begin(at, error, length);
    if (is_believed(kind, error))
        run_in_child(scenario, way);
    else
        run(scenario, way);
    EXPECT(fault->fired > 0, "call %u was not made", (unsigned)at);
}

/* Count the calls that this scenario makes. It runs twice, because some calls are made only once in
 * a process. */
static uint32_t count(const struct scenario *scenario, const struct way *way)
{
    for (int again = 0; again < 2; again++) {
        fault_begin(FAULT_NEVER, 0, 0);
        run(scenario, way);
    }
    EXPECT(fault->calls <= FAULT_MOST, "%u calls are too many", (unsigned)fault->calls);
    return fault->calls;
}

/* ---- calls that are made once in a process ---- */

static bool is_made_once(enum fault_call kind)
{
    return kind == FAULT_SYSCONF || kind == FAULT_MADVISE || kind == FAULT_ATFORK;
}

/* Runs in children of a process that has not used the library yet. */
static void run_fresh(const struct scenario *scenario, const struct way *way, bool old_kernel)
{
    static uint8_t kinds[FAULT_MOST];
    fault_context = way->name;
    fault->old_kernel = old_kernel;
    fault_begin(FAULT_NEVER, 0, 0);
    run_in_child(scenario, way);
    const uint32_t calls = fault->calls;
    memcpy(kinds, fault->kinds, sizeof kinds);
    for (uint32_t at = 0; at < calls; at++)
        for (const int *error = fault_kinds[kinds[at]].errors;
             *error != 0 && is_made_once(kinds[at]); error++) {
            fault_begin(at, *error, 1);
            run_in_child(scenario, way);
            EXPECT(fault->fired > 0, "call %u was not made", (unsigned)at);
        }
    fault->old_kernel = false;
}

/* ---- all other calls ---- */

static void run_all(const struct scenario *scenario, const struct way *way)
{
    static uint8_t kinds[FAULT_MOST];
    char context[100];
    snprintf(context, sizeof context, "%s by %s", scenario->name, way->name);
    fault_context = context;
    const uint32_t calls = count(scenario, way);
    memcpy(kinds, fault->kinds, sizeof kinds);
    /* valgrind is slow. Some of the calls are enough there, because they are others each time, and
     * longer failures find no other memory errors. */
    const uint32_t step = under_valgrind() ? 3 : 1;
    for (uint32_t at = (uint32_t)runs % step; at < calls; at += step)
        for (const int *error = fault_kinds[kinds[at]].errors; *error != 0; error++) {
            run_with(scenario, way, at, kinds[at], *error, 1);
            if (!under_valgrind())
                run_with(scenario, way, at, kinds[at], *error, A_WHILE);
        }
}

static bool can_run(const struct scenario *scenario, const struct way *way)
{
    return !scenario->needs_epoll || (way->is_epoll && fdslots_has(FDSLOTS_HAS_EPOLL) == 1);
}

int main(int argc, char **argv)
{
    alarm(WATCHDOG_S);
    signal(SIGPIPE, SIG_IGN);
    fault_set_up();
    const struct way *way;
    for (int j = 0; (way = way_at(j)) != NULL; j++) {
        run_fresh(&scenario_forked, way, false);
        run_fresh(&scenario_forked, way, true);
    }
    for (size_t i = 0; i < scenario_count; i++)
        for (int j = 0; (way = way_at(j)) != NULL; j++)
            if (can_run(&scenarios[i], way) &&
                (argc < 2 || strcmp(argv[1], scenarios[i].name) == 0))
                run_all(&scenarios[i], way);
    for (int kind = 0; kind < FAULT_CALLS; kind++)
        if (fault->fired_of_kind[kind] > 0)
            printf("%-16s failed %8llu times\n", fault_kinds[kind].name,
                   (unsigned long long)fault->fired_of_kind[kind]);
    printf("%lu runs\n", runs);
    return EXIT_SUCCESS;
}
