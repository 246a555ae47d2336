/* SPDX-License-Identifier: ISC
 *
 * Every function by which the library makes a system call or allocates memory can be made to fail.
 * The linker replaces them with those of fault.c (--wrap), which count the calls and fail only
 * inside LIB().
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
    const int *errors; /* the errors of its man page, then 0 */
};
extern const struct fault_kind fault_kinds[FAULT_CALLS];

#define FAULT_MOST 4096 /* largest number of calls in one run */

/* What will fail, and what has happened so far. Forked children share this. */
struct fault {
    uint32_t at;     /* the first call to fail, counted from 0, or FAULT_NEVER */
    uint32_t length; /* how many calls fail: that one, and the next ones of its kind */
    int error;

    uint32_t calls;
    uint32_t fired;
    enum fault_call kind;                /* kind of the call that failed */
    uint8_t kinds[FAULT_MOST];           /* kind of every call */
    uint64_t fired_of_kind[FAULT_CALLS]; /* failures of every kind, over all runs */
    bool inside;
    bool old_kernel; /* simulates a kernel without MADV_WIPEONFORK */
};
#define FAULT_NEVER UINT32_MAX

extern struct fault *fault;
extern int fault_allocated; /* pieces of memory allocated in this process */

/* Call this once, before anything else. */
void fault_set_up(void);
void fault_begin(uint32_t at, int error, uint32_t length);
/* Let nothing more fail in this run. */
void fault_lift(void);

/* Make a call of the library. The system calls inside are counted, and may fail. Returns what the
 * call returned. */
#define LIB(call)    (fault_enter(), fault_leave((call)))
#define ERRNO_BEFORE 4711
void fault_enter(void);
int64_t fault_leave(int64_t rc); /* ends the program if errno was changed */

/* End the program with a message that also names the call that failed. */
__attribute__((format(printf, 1, 2), noreturn)) void fault_fail(const char *format, ...);
/* The current scenario and entry point, for the messages. */
extern const char *fault_context;

#endif
