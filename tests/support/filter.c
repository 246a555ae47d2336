/* SPDX-License-Identifier: ISC */
#include "filter.h"
#include "child.h"
#include "common.h"
#include "env.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* A filter loads 32 bits, which for an argument is the lower half. */
#define LOW_HALF       (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? sizeof(uint32_t) : 0)
#define NUMBER         offsetof(struct seccomp_data, nr)
#define ARG(n)         (offsetof(struct seccomp_data, args[n]) + LOW_HALF)
#define LOAD(offset)   BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(offset))
#define RETURN(action) BPF_STMT(BPF_RET | BPF_K, (action))

static bool install(long nr, int arg, uint32_t action)
{
    uint8_t skip_arg = arg == FILTER_ANY ? 0 : 2;
    struct sock_filter all[] = {
        LOAD(NUMBER),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)nr, 0, (uint8_t)(skip_arg + 1)),
        LOAD(ARG(1)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)arg, 0, 1),
        RETURN(action),
        RETURN(SECCOMP_RET_ALLOW),
    };
    struct sock_filter any[] = {all[0], all[1], all[4], all[5]};
    const struct sock_fprog program = {
        .len = (unsigned short)(arg == FILTER_ANY ? LENGTH(any) : LENGTH(all)),
        .filter = arg == FILTER_ANY ? any : all,
    };
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

void filter_refuse(long nr, int arg, int error)
{
    CHILD_EXPECT(install(nr, arg, SECCOMP_RET_ERRNO | (uint32_t)error), true);
}

void filter_kill(long nr)
{
    CHILD_EXPECT(install(nr, FILTER_ANY, SECCOMP_RET_KILL_PROCESS), true);
}

void filter_kill_with(long nr, int first, int second)
{
    struct sock_filter all[] = {
        LOAD(NUMBER),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)nr, 0, 5),
        LOAD(ARG(0)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)first, 0, 3),
        LOAD(ARG(1)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)second, 0, 1),
        RETURN(SECCOMP_RET_KILL_PROCESS),
        RETURN(SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {.len = LENGTH(all), .filter = all};
    CHILD_EXPECT(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    CHILD_EXPECT(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
}

static int try_out(void)
{
    if (!install(SYS_getppid, FILTER_ANY, SECCOMP_RET_ERRNO | EXFULL))
        return EXIT_FAILURE;
    errno = 0;
    return syscall(SYS_getppid) == -1 && errno == EXFULL ? EXIT_SUCCESS : EXIT_FAILURE;
}

bool filter_works(void)
{
    if (under_valgrind())
        return false;
    int status;
    pid_t pid = fork();
    if (pid == 0)
        _exit(try_out());
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
           WEXITSTATUS(status) == EXIT_SUCCESS;
}
