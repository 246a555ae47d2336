/* SPDX-License-Identifier: ISC */
#include "sleeper.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

pid_t sleeper_fork(void)
{
    const pid_t parent = getpid();
    pid_t child = fork();
    if (child != 0)
        return child;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(0); /* the parent ended before the child could ask for the signal */
    for (;;)
        pause();
}

int child_status(pid_t child)
{
    int status = -1;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}

void sleeper_end(pid_t child)
{
    kill(child, SIGKILL);
    child_status(child);
}
