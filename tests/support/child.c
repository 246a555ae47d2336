/* SPDX-License-Identifier: ISC */
#include "asleep.h"
#include "child.h"
#include "common.h"
#include "env.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define HIGHEST_FD 1024 /* no test opens a higher fd */

void child_expect(intmax_t got, intmax_t want, const char *call, const char *file, int line)
{
    if (got == want)
        return;
    fprintf(stderr, "%s:%d: in a child: %s returned %jd, not %jd\n", file, line, call, got, want);
    _exit(EXIT_FAILURE);
}

static bool is_child; /* whether this is a child of a test, in which Check cannot fail */

pid_t child_start(void (*fn)(void))
{
    pid_t pid = fork();
    if (pid == 0) {
        is_child = true;
        fn();
        _exit(EXIT_SUCCESS);
    }
    ck_assert_int_gt(pid, 0);
    return pid;
}

static void (*when_asleep)(void);

static void run_when_asleep(void)
{
    asleep_await(getppid());
    when_asleep();
}

pid_t child_when_asleep(void (*fn)(void))
{
    when_asleep = fn;
    return child_start(run_when_asleep);
}

void child_end(pid_t pid)
{
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    if (is_child)
        CHILD_EXPECT(status, 0);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS,
                  "the child ended with wait status %#x", (unsigned)status);
}

void child_run(void (*fn)(void))
{
    child_end(child_start(fn));
}

bool child_case_left_out(int i)
{
    return under_valgrind() && i % 7 != 0;
}

void turn_make(int turn[2])
{
    ck_assert_int_eq(pipe2(turn, O_CLOEXEC), 0);
}

void turn_give(const int turn[2])
{
    if (write(turn[1], "x", 1) != 1)
        abort();
}

void turn_await(const int turn[2])
{
    char byte;
    if (read(turn[0], &byte, 1) != 1)
        abort();
}

int open_fds(void)
{
    int count = 0;
    for (int fd = 0; fd < HIGHEST_FD; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}
