/* SPDX-License-Identifier: ISC
 *
 * The children of the supervisor. Each is due to start at some time, running, or done. A child
 * leads a process group of its own, so that signals also reach the processes that it has started.
 */
#include "signals.h"

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define NS_PER_S  INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)
#define NEVER     INT64_MAX

extern char **environ;

enum state { DUE, RUNNING, DONE };

struct child {
    const char *command;
    enum state state;
    pid_t pid;       /* pid while running */
    int64_t due;     /* when to start, if it is due */
    uint32_t starts; /* number of starts so far */
};

struct children {
    const sigset_t *mask;
    int64_t delay, grace;
    bool ending;
    int64_t kill_at; /* when to kill, once ending; NEVER after that */
    uint32_t count;
    struct child each[];
};

static int64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

struct children *children_create(char **commands, uint32_t count, const sigset_t *mask,
                                 long delay_ms, long grace_ms)
{
    struct children *children = calloc(1, sizeof *children + count * sizeof children->each[0]);
    if (children == NULL)
        return NULL;
    children->mask = mask;
    children->delay = delay_ms * NS_PER_MS;
    children->grace = grace_ms * NS_PER_MS;
    children->kill_at = NEVER;
    children->count = count;
    for (uint32_t i = 0; i < count; i++)
        children->each[i].command = commands[i];
    return children;
}

/* ---- Starting ---- */

/* The child gets the signals as they were before the supervisor blocked or caught them. */
static int spawn(pid_t *pid, const char *command, const sigset_t *mask)
{
    posix_spawnattr_t attributes;
    int rc = posix_spawnattr_init(&attributes);
    if (rc != 0)
        return -rc;
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setsigmask(&attributes, mask);
    posix_spawnattr_setpgroup(&attributes, 0);
    char *text = strdup(command);
    char sh[] = "sh", option[] = "-c";
    char *argv[] = {sh, option, text, NULL};
    rc = text != NULL ? posix_spawn(pid, "/bin/sh", NULL, &attributes, argv, environ) : ENOMEM;
    free(text);
    posix_spawnattr_destroy(&attributes);
    return -rc;
}

static void start(const struct children *children, struct child *child)
{
    int rc = spawn(&child->pid, child->command, children->mask);
    if (rc < 0) {
        fprintf(stderr, "signals: '%s' cannot be started: %s\n", child->command, strerror(-rc));
        child->due = now() + children->delay;
        return;
    }
    child->state = RUNNING;
    child->starts++;
    printf("'%s' runs as %ld\n", child->command, (long)child->pid);
}

/* ---- Ending ---- */

static void ended(const struct children *children, struct child *child, int status)
{
    bool success = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    child->state = success || children->ending ? DONE : DUE;
    child->due = now() + children->delay;
    if (WIFSIGNALED(status))
        printf("'%s' was ended: %s\n", child->command, strsignal(WTERMSIG(status)));
    else
        printf("'%s' ended with status %d\n", child->command, WEXITSTATUS(status));
}

/* One SIGCHLD may stand for several children. */
void children_reap(struct children *children)
{
    pid_t pid;
    int status;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        for (uint32_t i = 0; i < children->count; i++)
            if (children->each[i].state == RUNNING && children->each[i].pid == pid)
                ended(children, &children->each[i], status);
}

static void signal_all(const struct children *children, int signo)
{
    for (uint32_t i = 0; i < children->count; i++)
        if (children->each[i].state == RUNNING)
            kill(-children->each[i].pid, signo);
}

void children_end(struct children *children)
{
    if (children->ending)
        return;
    children->ending = true;
    children->kill_at = now() + children->grace;
    signal_all(children, SIGTERM);
    for (uint32_t i = 0; i < children->count; i++)
        if (children->each[i].state == DUE)
            children->each[i].state = DONE;
}

/* ---- Children that are due ---- */

void children_care(struct children *children)
{
    int64_t at = now();
    for (uint32_t i = 0; i < children->count; i++)
        if (children->each[i].state == DUE && children->each[i].due <= at)
            start(children, &children->each[i]);
    if (children->kill_at <= at) {
        signal_all(children, SIGKILL);
        children->kill_at = NEVER;
    }
}

struct timespec children_due(const struct children *children)
{
    int64_t due = children->kill_at;
    for (uint32_t i = 0; i < children->count; i++)
        if (children->each[i].state == DUE && children->each[i].due < due)
            due = children->each[i].due;
    if (due == NEVER)
        due = 0;
    return (struct timespec){.tv_sec = (time_t)(due / NS_PER_S), .tv_nsec = (long)(due % NS_PER_S)};
}

bool children_all_done(const struct children *children)
{
    for (uint32_t i = 0; i < children->count; i++)
        if (children->each[i].state != DONE)
            return false;
    return true;
}

size_t children_describe(const struct children *children, char *text, size_t size)
{
    static const char *const names[] = {"waits", "runs", "is done"};
    size_t length = 0;
    for (uint32_t i = 0; i < children->count; i++) {
        const struct child *child = &children->each[i];
        int n = snprintf(text + length, size - length, "%ld %s, started %u times: %s\n",
                         child->state == RUNNING ? (long)child->pid : 0L, names[child->state],
                         (unsigned)child->starts, child->command);
        if (n < 0 || (size_t)n >= size - length)
            break;
        length += (size_t)n;
    }
    return length;
}
