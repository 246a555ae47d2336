/* SPDX-License-Identifier: ISC */
#include "ring.h"
#include "entry.h"
#include "guard.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

#define THREADS 4
#define TIMES   5

struct member {
    int place;
    struct fdslots *s;
    atomic_long token; /* the lap that has arrived here */
};

static struct member members[THREADS];
/* A barrier for each step. TSan assumes that a barrier that is used again orders more than it
 * does. */
enum { START, MADE, OVER, STEPS };
static pthread_barrier_t all_at[STEPS];
static long laps;

/* The wake comes after the token, so a wait for the lap ends only when it has arrived. */
static void await_token(struct member *m, const struct entry *e, long lap)
{
    while (atomic_load(&m->token) != lap) {
        REQUIRE(e->wait(m->s, FDSLOTS_FOREVER, NULL), 1);
        REQUIRE(fdslots_waker_drain(m->s), 0);
    }
}

static void hand_on(const struct member *m, long lap)
{
    struct member *next = &members[(m->place + 1) % THREADS];
    atomic_store(&next->token, next->place == 0 ? lap + 1 : lap);
    REQUIRE(fdslots_wake(next->s), 0);
    guard_step();
}

static void *go_round(void *arg)
{
    struct member *m = arg;
    const struct entry *e = entry_at(m->place % entry_count());
    pthread_barrier_wait(&all_at[START]);
    REQUIRE(fdslots_create(2, 0, &m->s), 0);
    REQUIRE(fdslots_waker_open(m->s, 1), 0);
    REQUIRE(e->wait(m->s, 0, NULL), 0);
    atomic_store(&m->token, m->place == 0);
    pthread_barrier_wait(&all_at[MADE]);
    for (long lap = 1; lap <= laps; lap++) {
        await_token(m, e, lap);
        hand_on(m, lap);
    }
    pthread_barrier_wait(&all_at[OVER]); /* no wake may be in progress when a buffer ends */
    fdslots_destroy(m->s);
    return NULL;
}

void ring_run(long count)
{
    laps = count;
    guard_says("ring");
    for (int step = 0; step < STEPS; step++)
        pthread_barrier_init(&all_at[step], NULL, THREADS);
    for (int time = 0; time < TIMES; time++) {
        pthread_t threads[THREADS];
        for (int i = 0; i < THREADS; i++) {
            members[i].place = i;
            REQUIRE(pthread_create(&threads[i], NULL, go_round, &members[i]), 0);
        }
        for (int i = 0; i < THREADS; i++)
            pthread_join(threads[i], NULL);
    }
    for (int step = 0; step < STEPS; step++)
        pthread_barrier_destroy(&all_at[step]);
}
