/* SPDX-License-Identifier: ISC
 *
 * The rows of the tests that count system calls.
 */
#ifndef TESTS_SYSCALLS_H
#define TESTS_SYSCALLS_H

#include "tracer.h"

struct syscalls_case {
    const char *name;
    void (*prepare)(void);
    void (*run)(uint32_t i);
    uint32_t times;
    long nr; /* number of the system call that is counted, or TRACER_ALL */
    int64_t expected;
    bool at_most; /* whether fewer calls are right, too */
};

/* Return the rows of the epoll entry points. `count` becomes 0 if epoll does not work here. */
const struct syscalls_case *syscalls_epoll(int *count);

#endif
