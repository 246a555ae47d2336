/* SPDX-License-Identifier: ISC
 *
 * Every call by which the library asks the system for something can be made to fail: the linker
 * puts the functions of fault.c in its place (--wrap). They count, and fail only inside of LIB().
 */
#ifndef TESTS_FAULT_H
#define TESTS_FAULT_H

#include <stdbool.h>
#include <stdint.h>

enum fault_call {
    FAULT_MALLOC,
    FAULT_POLL,
    FAULT_PPOLL,
    FAULT_PSELECT,
    FAULT_EPOLL_CREATE,
    FAULT_EPOLL_ADD,
    FAULT_EPOLL_MOD,
    FAULT_EPOLL_DEL,
    FAULT_EPOLL_WAIT,
    FAULT_EPOLL_PWAIT,
    FAULT_EPOLL_PWAIT2,
    FAULT_EVENTFD,
    FAULT_PIPE,
    FAULT_FCNTL,
    FAULT_FSTAT,
    FAULT_OPEN,
    FAULT_READ,
    FAULT_WRITE,
    FAULT_CLOSE,
    FAULT_MADVISE,
    FAULT_ATFORK,
    FAULT_SYSCONF,
    FAULT_CLOCK,
    FAULT_CALLS,
};

struct fault_kind {
    const char *name;
    const int *errors; /* those of its man page, then 0 */
};
extern const struct fault_kind fault_kinds[FAULT_CALLS];

#define FAULT_MOST 4096 /* calls in one run */

/* What will fail, and what has happened; forked children share it. */
struct fault {
    uint32_t at;     /* the first call to fail, counted from 0; or FAULT_NEVER */
    uint32_t length; /* how many fail: that one, and the next ones of its kind */
    int error;

    uint32_t calls;
    uint32_t fired;
    enum fault_call kind;                /* of the call that failed */
    uint8_t kinds[FAULT_MOST];           /* of each call */
    uint64_t fired_of_kind[FAULT_CALLS]; /* over all runs */
    bool inside;
    bool old_kernel; /* before MADV_WIPEONFORK */
};
#define FAULT_NEVER UINT32_MAX

extern struct fault *fault;
extern int fault_allocated; /* pieces of memory, in this process */

/* Once, before all else. */
void fault_set_up(void);
void fault_begin(uint32_t at, int error, uint32_t length);
/* No more failures in this run. */
void fault_lift(void);

/* A call of the library: calls that it makes are counted, and may fail. Gives what it gave. */
#define LIB(call)    (fault_enter(), fault_leave((call)))
#define ERRNO_BEFORE 4711
void fault_enter(void);
int64_t fault_leave(int64_t rc); /* ends the program where errno was changed */

/* End the program with a message, and with what was made to fail. */
__attribute__((format(printf, 1, 2), noreturn)) void fault_fail(const char *format, ...);
/* Where a failure was found: what is run now. */
extern const char *fault_context;

#endif
