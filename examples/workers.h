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

/* One piece of work. It belongs to the pool from pool_give() until pool_take() hands it back. */
struct job {
    struct job *next;
    /* Whose it is: the slot, and the slot's generation when the work was asked for. */
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

/* Each thread calls work(job). `s` is woken when jobs are done. Returns 0 or a negative errno. */
int pool_create(uint32_t threads, void (*work)(struct job *), const struct fdslots *s,
                struct pool **out);
/* Waits for the jobs that are being worked on; frees all others. */
void pool_destroy(struct pool *pool);
void pool_give(struct pool *pool, struct job *job);
/* The jobs that are done, as a list; NULL for none. */
struct job *pool_take(struct pool *pool);

/* ---- workers_cksum.c: the work ---- */

/* Find the checksum of the file of that name, as cksum(1) does. */
void cksum(struct job *job);

/* ---- workers_server.c ---- */

struct server;

int server_create(uint32_t connections, uint32_t threads, uint16_t port, struct server **out);
uint16_t server_port(const struct server *server);
/* Serve, letting the signals of `mask` in while waiting, until ended() is true. */
int server_run(struct server *server, const sigset_t *mask, bool (*ended)(void));
void server_destroy(struct server *server);

#endif
