/* SPDX-License-Identifier: ISC */
#include "tracer.h"

#include <errno.h>
#include <linux/ptrace.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* C libraries disagree about the prototypes and names in <sys/ptrace.h>. The system call itself is
 * the same everywhere. */
static long trace(int request, pid_t pid, size_t addr, void *data)
{
    return syscall(SYS_ptrace, request, pid, addr, data);
}

/* A call that nothing else in the child makes. It marks the beginning and the end of what is
 * counted. */
static void mark(void)
{
    syscall(SYS_getppid);
}

static void child(void (*prepare)(void), void (*run)(uint32_t i), uint32_t times)
{
    if (trace(PTRACE_TRACEME, 0, 0, NULL) < 0)
        _exit(EXIT_FAILURE);
    raise(SIGSTOP); /* the parent sets its options while the child is stopped here */
    prepare();
    mark();
    for (uint32_t i = 0; i < times; i++)
        run(i);
    mark();
    _exit(EXIT_SUCCESS);
}

/* Go on to the next stop. Returns false when the child has ended; its wait status is then in
 * *status. */
static bool next_stop(pid_t pid, int signo, int *status)
{
    if (trace(PTRACE_SYSCALL, pid, 0, (void *)(intptr_t)signo) < 0)
        return false;
    return waitpid(pid, status, 0) == pid && WIFSTOPPED(*status);
}

/* Return the number of the call that is being entered, or -1 at any other stop. */
static long entered(pid_t pid)
{
    struct ptrace_syscall_info info;
    memset(&info, 0, sizeof info);
    if (trace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) <= 0)
        return -1;
    return info.op == PTRACE_SYSCALL_INFO_ENTRY ? (long)info.entry.nr : -1;
}

static int64_t count(pid_t pid, long wanted)
{
    int64_t calls = 0;
    int marks = 0;
    int status;
    int signo = 0;
    while (next_stop(pid, signo, &status)) {
        /* PTRACE_O_TRACESYSGOOD adds the bit 0x80 */
        bool at_call = WSTOPSIG(status) == (SIGTRAP | 0x80);
        signo = at_call ? 0 : WSTOPSIG(status);
        long nr = at_call ? entered(pid) : -1;
        if (nr == SYS_getppid)
            marks++;
        else if (nr >= 0 && marks == 1)
            calls += wanted == TRACER_ALL || wanted == nr;
    }
    return marks == 2 && WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS ? calls : -1;
}

int64_t tracer_count(void (*prepare)(void), void (*run)(uint32_t i), uint32_t times, long nr)
{
    int status;
    pid_t pid = fork();
    if (pid == 0)
        child(prepare, run, times);
    if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
        return -1;
    trace(PTRACE_SETOPTIONS, pid, 0, (void *)(intptr_t)(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL));
    return count(pid, nr);
}

static void nothing(void)
{
}

static void three_calls(uint32_t i)
{
    (void)i;
    for (int call = 0; call < 3; call++)
        syscall(SYS_getuid);
}

/* A kernel or container that forbids ptrace(2) refuses the first attempt. An old kernel cannot tell
 * the entry of a call from its exit. Counting a known number of calls shows both. */
const char *tracer_obstacle(void)
{
    int64_t calls = tracer_count(nothing, three_calls, 10, TRACER_ALL);
    if (calls == -1)
        return "ptrace(2) is not permitted here";
    return calls == 30 ? NULL : "ptrace(2) does not show every system call here";
}
