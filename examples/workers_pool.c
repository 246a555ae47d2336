/* SPDX-License-Identifier: ISC
 *
 * A pool of threads, with a queue of jobs to do and a list of those done. The thread that waits in
 * fdslots never waits long for a lock, because the lists change hands in a few instructions.
 */
#include "workers.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

struct pool {
    void (*work)(struct job *);
    const struct fdslots *s;
    pthread_mutex_t lock;
    pthread_cond_t given;
    struct job *first, **last; /* jobs to do, in order */
    struct job *done;
    bool ending;
    uint32_t count;
    pthread_t threads[];
};

/* Return the next job, or NULL at the end. */
static struct job *next_job(struct pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    while (pool->first == NULL && !pool->ending)
        pthread_cond_wait(&pool->given, &pool->lock);
    struct job *job = pool->ending ? NULL : pool->first;
    if (job != NULL)
        pool->first = job->next;
    if (pool->first == NULL)
        pool->last = &pool->first;
    pthread_mutex_unlock(&pool->lock);
    return job;
}

static void put_done(struct pool *pool, struct job *job)
{
    pthread_mutex_lock(&pool->lock);
    bool first = pool->done == NULL;
    job->next = pool->done;
    pool->done = job;
    pthread_mutex_unlock(&pool->lock);
    /* The thread that added the first job has woken the consumer or is about to. It takes all jobs
     * at once. */
    if (first)
        fdslots_wake(pool->s);
}

static void *run(void *arg)
{
    struct pool *pool = arg;
    struct job *job;
    while ((job = next_job(pool)) != NULL) {
        pool->work(job);
        put_done(pool, job);
    }
    return NULL;
}

/* Signals are for the thread that waits for them, so the others block them all. */
static int start_threads(struct pool *pool, uint32_t threads)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = 0;
    while (rc == 0 && pool->count < threads) {
        rc = pthread_create(&pool->threads[pool->count], NULL, run, pool);
        if (rc == 0)
            pool->count++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return -rc;
}

int pool_create(uint32_t threads, void (*work)(struct job *), const struct fdslots *s,
                struct pool **out)
{
    struct pool *pool = calloc(1, sizeof *pool + threads * sizeof pool->threads[0]);
    if (pool == NULL)
        return -ENOMEM;
    pool->work = work;
    pool->s = s;
    pool->last = &pool->first;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->given, NULL);
    int rc = start_threads(pool, threads);
    if (rc < 0)
        pool_destroy(pool);
    else
        *out = pool;
    return rc;
}

static void free_jobs(struct job *job)
{
    while (job != NULL) {
        struct job *next = job->next;
        free(job);
        job = next;
    }
}

void pool_destroy(struct pool *pool)
{
    if (pool == NULL)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->ending = true;
    pthread_cond_broadcast(&pool->given);
    pthread_mutex_unlock(&pool->lock);
    for (uint32_t i = 0; i < pool->count; i++)
        pthread_join(pool->threads[i], NULL);
    free_jobs(pool->first);
    free_jobs(pool->done);
    pthread_cond_destroy(&pool->given);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

void pool_give(struct pool *pool, struct job *job)
{
    job->next = NULL;
    pthread_mutex_lock(&pool->lock);
    *pool->last = job;
    pool->last = &job->next;
    pthread_cond_signal(&pool->given);
    pthread_mutex_unlock(&pool->lock);
}

struct job *pool_take(struct pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    struct job *done = pool->done;
    pool->done = NULL;
    pthread_mutex_unlock(&pool->lock);
    return done;
}
