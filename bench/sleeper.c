/* SPDX-License-Identifier: ISC
 *
 * Another thread, which makes a slot ready on request. Both threads share one CPU, and this one
 * does not preempt the other: it runs once the other sleeps. On a CPU of its own it would work as
 * well, but waking an idle CPU takes longer than everything that is measured here, and its duration
 * varies.
 */
#include "bench.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct sleeper {
    pthread_t thread;
    int asked;
    int fd;
    cpu_set_t cpus; /* the CPUs of the asking thread before */
};

#define END 1000

static void *answer(void *arg)
{
    const struct sleeper *sleeper = arg;
    uint64_t count;
    const uint64_t one = 1;
    while (read(sleeper->asked, &count, sizeof count) > 0 && count < END)
        if (write(sleeper->fd, &one, sizeof one) < 0)
            abort();
    return NULL;
}

static void ask(const struct sleeper *sleeper, uint64_t what)
{
    if (write(sleeper->asked, &what, sizeof what) < 0)
        abort();
}

void sleeper_ask(struct sleeper *sleeper)
{
    ask(sleeper, 1);
}

static void share_cpu(struct sleeper *sleeper)
{
    int cpu = sched_getcpu();
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET((size_t)(cpu >= 0 ? cpu : 0), &one);
    sched_getaffinity(0, sizeof sleeper->cpus, &sleeper->cpus);
    sched_setaffinity(0, sizeof one, &one);
}

struct sleeper *sleeper_open(int fd)
{
    struct sleeper *sleeper = malloc(sizeof *sleeper);
    if (sleeper == NULL)
        abort();
    sleeper->fd = fd;
    sleeper->asked = eventfd(0, 0);
    share_cpu(sleeper);
    if (sleeper->asked < 0 || pthread_create(&sleeper->thread, NULL, answer, sleeper) != 0)
        abort();
    const struct sched_param param = {0};
    pthread_setschedparam(sleeper->thread, SCHED_BATCH, &param);
    return sleeper;
}

void sleeper_close(struct sleeper *sleeper)
{
    ask(sleeper, END);
    pthread_join(sleeper->thread, NULL);
    sched_setaffinity(0, sizeof sleeper->cpus, &sleeper->cpus);
    close(sleeper->asked);
    free(sleeper);
}
