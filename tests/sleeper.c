/* SPDX-License-Identifier: ISC */
#include "sleeper.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

pid_t sleeper_fork(void)
{
    pid_t child = fork();
    if (child != 0)
        return child;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;)
        pause();
}

void sleeper_end(pid_t child)
{
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}
