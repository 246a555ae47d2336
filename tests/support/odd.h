/* SPDX-License-Identifier: ISC
 *
 * Files that look to fstat(2) like those that an epoll set reports well, and are not: an event that
 * the set has not seen yet is lost to it, or nothing ever wakes it.
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
    int trigger; /* what fire() acts on where that is not fd; or -1 */
    void *map[ODD_MAPS];
    size_t length[ODD_MAPS];
    int maps;
};

/* What the set does where it is not asked by FDSLOTS_POLLED to leave the file alone. */
enum odd_way {
    ODD_TAKEN,   /* who looks takes the event away: to register is to look */
    ODD_SILENT,  /* nothing wakes the set: only to register shows it */
    ODD_AS_POLL, /* the library knows, and does not ask the set */
};

struct odd_kind {
    const char *name;
    uint32_t events;
    enum odd_way way;
    bool (*make)(struct odd *o); /* false where this machine has no such file */
    void (*fire)(struct odd *o); /* make it ready for `events` */
};

extern const struct odd_kind odd_kinds[];
int odd_kind_count(void);

/* Make one, or give false: this machine has no such file, and there is nothing to close. */
bool odd_open(struct odd *o, bool (*make)(struct odd *o));
void odd_close(struct odd *o);

/* For the constructors: map a part of the file; NULL where that fails. */
void *odd_map(struct odd *o, size_t length, uint64_t offset);

/* A perf event that each change of this thread's name makes ready; the same of another thread. */
bool odd_perf(struct odd *o);
bool odd_perf_of(struct odd *o, pid_t thread);
void odd_perf_fire(struct odd *o);

/* An io_uring whose completions wait until its task asks; one whose submissions filled it. */
bool odd_ring_deferred(struct odd *o);
bool odd_ring_full(struct odd *o);
void odd_ring_complete(struct odd *o);
void odd_ring_submit(struct odd *o);
/* Let completions of a ring be counted by an eventfd. */
int odd_ring_eventfd(struct odd *o);

/* A ring buffer of BPF, whose records wake nobody. */
bool odd_bpf(struct odd *o);
void odd_bpf_fire(struct odd *o);

/* An AF_XDP socket on the loopback of a network of its own, which the process enters. */
bool odd_xdp(struct odd *o);
/* Put a packet into the ring of those to send; give how many the kernel has taken. */
void odd_xdp_put(struct odd *o);
uint32_t odd_xdp_taken(const struct odd *o);

#endif
