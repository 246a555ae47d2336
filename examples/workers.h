/* SPDX-License-Identifier: ISC
 *
 * The parts of the workers example: a pool of threads, the work, and the server between them.
 */
#ifndef WORKERS_H
#define WORKERS_H

#include <fdslots.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NAME_SIZE = 1024 };

/* A piece of work. It belongs to the pool from pool_give() until pool_take() returns it. */
struct job {
    struct job *next;
    /* The owner: the slot, and its generation when the work was requested. */
    uint32_t index;
    int64_t generation;
    char name[NAME_SIZE];
    /* The result. */
    int error; /* a negative errno value, or 0 */
    uint32_t checksum;
    uint64_t length;
};

/* ---- workers_pool.c: threads that work on jobs, and wake a buffer ---- */

struct pool;

/* Make threads that call work(job). `s` is woken when jobs are done. Returns 0 or a negative errno
 * value. */
int pool_create(uint32_t threads, void (*work)(struct job *), const struct fdslots *s,
                struct pool **out);
/* Wait for the jobs that are being worked on, and free all others. */
void pool_destroy(struct pool *pool);
void pool_give(struct pool *pool, struct job *job);
/* Return the jobs that are done, as a list, or NULL if there are none. */
struct job *pool_take(struct pool *pool);

/* ---- workers_cksum.c: the work ---- */

/* Compute the checksum of the file that the job names, as cksum(1) does. */
void cksum(struct job *job);

/* ---- workers_server.c ---- */

struct server;

int server_create(uint32_t connections, uint32_t threads, uint16_t port, struct server **out);
uint16_t server_port(const struct server *server);
/* Serve until ended() is true. The signals of `mask` are let in while waiting. */
int server_run(struct server *server, const sigset_t *mask, bool (*ended)(void));
void server_destroy(struct server *server);

#endif
