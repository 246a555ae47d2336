/* SPDX-License-Identifier: ISC
 *
 * An io_uring with a queue of one submission. For POLLIN, the submission is a read(2) of a pipe
 * that is empty at first. For POLLOUT, it is one that the kernel has not taken yet, and that
 * completes at once when it has.
 */
#include "odd.h"
#include "fds_kinds.h"

#include <fcntl.h>
#include <linux/io_uring.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef IORING_SETUP_DEFER_TASKRUN /* Linux 6.1 */
#define IORING_SETUP_SINGLE_ISSUER (1u << 12)
#define IORING_SETUP_DEFER_TASKRUN (1u << 13)
#endif

static char byte; /* the buffer of the read */

static bool ring_open(struct odd *o, uint32_t flags, struct io_uring_params *params)
{
    *params = (struct io_uring_params){.flags = flags};
    o->fd = (int)syscall(SYS_io_uring_setup, 1, params);
    return o->fd >= 0;
}

/* Fill in the only submission, and publish it to the kernel. */
static bool ring_put(struct odd *o, const struct io_uring_params *params, uint8_t op, int fd)
{
    char *ring = odd_map(o, params->sq_off.array + sizeof(uint32_t), IORING_OFF_SQ_RING);
    struct io_uring_sqe *submission = odd_map(o, sizeof *submission, IORING_OFF_SQES);
    if (ring == NULL || submission == NULL)
        return false;
    *submission = (struct io_uring_sqe){
        .opcode = op, .fd = fd, .addr = (uint64_t)(uintptr_t)&byte, .len = sizeof byte};
    *(uint32_t *)(void *)(ring + params->sq_off.array) = 0;
    __atomic_store_n((uint32_t *)(void *)(ring + params->sq_off.tail), 1, __ATOMIC_RELEASE);
    return true;
}

void odd_ring_submit(struct odd *o)
{
    MUST((int)syscall(SYS_io_uring_enter, o->fd, 1, 0, 0, NULL, 0));
}

bool odd_ring_full(struct odd *o)
{
    struct io_uring_params params;
    return ring_open(o, 0, &params) && ring_put(o, &params, IORING_OP_NOP, -1);
}

bool odd_ring_deferred(struct odd *o)
{
    struct io_uring_params params;
    int ends[2];
    if (!ring_open(o, IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SINGLE_ISSUER, &params))
        return false;
    MUST(pipe2(ends, O_CLOEXEC));
    bool made = ring_put(o, &params, IORING_OP_READ, ends[0]);
    if (made)
        odd_ring_submit(o);
    MUST(close(ends[0])); /* the submission holds the file open */
    o->trigger = ends[1];
    return made;
}

void odd_ring_complete(struct odd *o)
{
    fds_put(o->trigger, "x");
}

int odd_ring_eventfd(struct odd *o)
{
    int fd = MUST(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    MUST((int)syscall(SYS_io_uring_register, o->fd, IORING_REGISTER_EVENTFD, &fd, 1));
    return fd;
}
