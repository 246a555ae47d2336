/* SPDX-License-Identifier: ISC */
#include "guard.h"
#include "env.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STEP_S          60 /* without a step for so long, the program counts as hung */
#define DAWDLE          4096
#define VALGRIND_FACTOR 200

static struct progress {
    atomic_long steps;
    const char *_Atomic what; /* a static text, which has the same address in parent and child */
} * progress;

static int report_hang(pid_t child)
{
    printf("hang: %s: %ld steps were made, but none in the last %d s\n",
           atomic_load(&progress->what), atomic_load(&progress->steps), STEP_S);
    kill(-child, SIGKILL); /* the child may have made others */
    waitpid(child, NULL, 0);
    return EXIT_FAILURE;
}

static int report_end(pid_t child)
{
    int status;
    if (waitpid(child, &status, 0) != child)
        abort();
    kill(-child, SIGKILL);
    if (WIFEXITED(status))
        return WEXITSTATUS(status);
    printf("killed by signal %d: %s\n", WTERMSIG(status), atomic_load(&progress->what));
    return EXIT_FAILURE;
}

static int watch(pid_t child, const sigset_t *sigchld)
{
    const struct timespec limit = {STEP_S, 0};
    for (;;) {
        long before = atomic_load(&progress->steps);
        if (sigtimedwait(sigchld, NULL, &limit) == SIGCHLD)
            return report_end(child);
        if (errno == EAGAIN && atomic_load(&progress->steps) == before)
            return report_hang(child);
    }
}

int guard_run(int (*fn)(long count), long count)
{
    sigset_t sigchld;
    sigset_t before;
    sigemptyset(&sigchld);
    sigaddset(&sigchld, SIGCHLD);
    sigprocmask(SIG_BLOCK, &sigchld, &before);
    progress =
        mmap(NULL, sizeof *progress, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (progress == MAP_FAILED)
        abort();
    guard_says("start");
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        setpgid(0, 0);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        sigprocmask(SIG_SETMASK, &before, NULL);
        exit(fn(count));
    }
    if (child < 0)
        abort();
    setpgid(child, child); /* both processes call this, because either may run first */
    return watch(child, &sigchld);
}

void guard_says(const char *what)
{
    atomic_store(&progress->what, what);
}

void guard_step(void)
{
    atomic_fetch_add_explicit(&progress->steps, 1, memory_order_relaxed);
}

void guard_require(intmax_t got, intmax_t want, const char *call, const char *file, int line)
{
    if (got == want)
        return;
    printf("%s:%d: %s: %s returned %jd, not %jd\n", file, line, atomic_load(&progress->what), call,
           got, want);
    fflush(stdout);
    _exit(EXIT_FAILURE);
}

void guard_dawdle(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + 1;
    for (volatile uint32_t left = (uint32_t)(*seed >> 33) % DAWDLE; left > 0; left--)
        ;
}

long guard_count(int argc, char **argv, long standard)
{
    if (argc > 1)
        return strtol(argv[1], NULL, 10);
    return under_valgrind() ? standard / VALGRIND_FACTOR : standard;
}
