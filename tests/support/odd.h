/* SPDX-License-Identifier: ISC
 *
 * Files that fstat(2) cannot tell from those that an epoll set reports correctly. The set loses an
 * event of such a file that it has not seen yet, or is never woken.
 */
#ifndef TESTS_ODD_H
#define TESTS_ODD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define ODD_MAPS 4

struct odd {
    int fd;
    int trigger; /* the fd that fire() uses if that is not fd, or -1 */
    void *map[ODD_MAPS];
    size_t length[ODD_MAPS];
    int maps;
};

/* What the set does unless FDSLOTS_POLLED keeps the file out of it. */
enum odd_way {
    ODD_TAKEN,   /* asking consumes the event, and a registration asks */
    ODD_SILENT,  /* nothing wakes the set; only a registration shows the event */
    ODD_AS_POLL, /* the library knows of this case, and does not ask the set */
};

struct odd_kind {
    const char *name;
    uint32_t events;
    enum odd_way way;
    bool (*make)(struct odd *o); /* returns false if this machine has no such file */
    void (*fire)(struct odd *o); /* makes it ready for `events` */
};

extern const struct odd_kind odd_kinds[];
int odd_kind_count(void);

/* Make an odd file. Returns false if this machine has no such file; nothing need be closed then. */
bool odd_open(struct odd *o, bool (*make)(struct odd *o));
void odd_close(struct odd *o);

/* For the constructors: map a part of the file. Returns NULL on failure. */
void *odd_map(struct odd *o, size_t length, uint64_t offset);

/* A perf event that becomes ready when this thread, or another one, changes its name. */
bool odd_perf(struct odd *o);
bool odd_perf_of(struct odd *o, pid_t thread);
void odd_perf_fire(struct odd *o);

/* An io_uring whose completions wait until its task asks for them, and one whose submission queue
 * is full. */
bool odd_ring_deferred(struct odd *o);
bool odd_ring_full(struct odd *o);
void odd_ring_complete(struct odd *o);
void odd_ring_submit(struct odd *o);
/* Make an eventfd count the completions of a ring. */
int odd_ring_eventfd(struct odd *o);

/* A BPF ring buffer whose records wake no waiter. */
bool odd_bpf(struct odd *o);
void odd_bpf_fire(struct odd *o);

/* An AF_XDP socket on the loopback of a new network namespace, which the process enters. */
bool odd_xdp(struct odd *o);
/* Put a packet into the send ring, and return how many packets the kernel has taken. */
void odd_xdp_put(struct odd *o);
uint32_t odd_xdp_taken(const struct odd *o);

#endif
