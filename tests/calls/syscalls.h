/* SPDX-License-Identifier: ISC
 *
 * A row of the tests of counted system calls.
 */
#ifndef TESTS_SYSCALLS_H
#define TESTS_SYSCALLS_H

#include "tracer.h"

struct syscalls_case {
    const char *name;
    void (*prepare)(void);
    void (*run)(uint32_t i);
    uint32_t times;
    long nr; /* the system call that is counted, or TRACER_ALL */
    int64_t expected;
    bool at_most; /* fewer are as good */
};

/* The rows of the epoll entry points; `count` is 0 where they do not work. */
const struct syscalls_case *syscalls_epoll(int *count);

#endif
