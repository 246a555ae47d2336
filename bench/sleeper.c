/* SPDX-License-Identifier: ISC
 *
 * Another thread, that makes a slot ready when asked to: it takes longer to wake than the asker
 * needs to fall asleep.
 */
#include "bench.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct sleeper {
    pthread_t thread;
    int asked;
    int fd;
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

struct sleeper *sleeper_open(int fd)
{
    struct sleeper *sleeper = malloc(sizeof *sleeper);
    if (sleeper == NULL)
        abort();
    sleeper->fd = fd;
    sleeper->asked = eventfd(0, 0);
    if (sleeper->asked < 0 || pthread_create(&sleeper->thread, NULL, answer, sleeper) != 0)
        abort();
    return sleeper;
}

void sleeper_close(struct sleeper *sleeper)
{
    ask(sleeper, END);
    pthread_join(sleeper->thread, NULL);
    close(sleeper->asked);
    free(sleeper);
}
