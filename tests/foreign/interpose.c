/* SPDX-License-Identifier: ISC
 *
 * poll(2) answered by fdslots, for programs that are not ours: LD_PRELOAD puts these functions
 * before those of the C library.
 *
 *     INTERPOSE_BY        entry point, as entry.c names it; `each`: another one at each call;
 *                         `none`: poll(2) itself
 *     INTERPOSE_COMPARE   N: ask poll(2) itself, too, at every Nth call of an entry point
 *     INTERPOSE_COUNTS    file for what is counted, see counts.h
 */
#include "buffers.h"
#include "counts.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int __poll_chk(struct pollfd *fds, nfds_t nfds, int timeout_ms, size_t size);

/* ---- the C library's own ---- */

union function {
    void *symbol;
    poll_function *poll;
    int (*close)(int fd);
    int (*dup2)(int fd, int other);
};

static union function real_poll, real_close, real_dup2;

static void find_real(void)
{
    real_poll.symbol = dlsym(RTLD_NEXT, "poll");
    real_close.symbol = dlsym(RTLD_NEXT, "close");
    real_dup2.symbol = dlsym(RTLD_NEXT, "dup2");
}

/* ---- what the environment asks for ---- */

static const struct entry *entries[ENTRY_POINTS];
static unsigned entries_count; /* 0: poll(2) itself */
static unsigned compare_each;  /* 0: none */

static void choose_entries(const char *by)
{
    const struct entry *e;
    for (int i = 0; (e = entry_at(i)) != NULL; i++)
        if (strcmp(by, "each") == 0 || strcmp(by, e->name) == 0)
            entries[entries_count++] = e;
    if (entries_count > 0 || strcmp(by, "none") == 0)
        return;
    fprintf(stderr, "interpose: no entry point is named '%s'\n", by);
    _exit(1);
}

static void set_up_once(void)
{
    const char *by = getenv("INTERPOSE_BY");
    const char *each = getenv("INTERPOSE_COMPARE");
    find_real();
    counts_open(getenv("INTERPOSE_COUNTS"));
    choose_entries(by != NULL ? by : "none");
    compare_each = each != NULL ? (unsigned)atoi(each) : 0;
    pthread_atfork(NULL, NULL, buffers_be_child);
}

/* What this calls itself comes back to the functions below, and means the C library's. */
static void set_up(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    static _Thread_local bool setting_up;
    if (setting_up || buffers_are_busy())
        return;
    setting_up = true;
    pthread_once(&once, set_up_once);
    setting_up = false;
}

/* Before the program gives up its rights, which the file may need. */
__attribute__((constructor)) static void begin(void)
{
    set_up();
}

/* ---- in the place of the C library's ---- */

int poll(struct pollfd *fds, nfds_t nfds, int timeout_ms)
{
    static _Thread_local unsigned turn;
    set_up();
    if (buffers_are_busy())
        return real_poll.poll(fds, nfds, timeout_ms);
    count(COUNT_CALLS, 1);
    if (entries_count == 0) {
        count(COUNT_WAITS, 1);
        return real_poll.poll(fds, nfds, timeout_ms);
    }
    const unsigned round = turn / entries_count;
    const struct entry *e = entries[turn++ % entries_count];
    const bool compare = compare_each > 0 && round % compare_each == 0;
    return buffers_poll(e, fds, nfds, timeout_ms, compare ? real_poll.poll : NULL);
}

int __poll_chk(struct pollfd *fds, nfds_t nfds, int timeout_ms, size_t size)
{
    if (size / sizeof *fds < nfds)
        abort();
    return poll(fds, nfds, timeout_ms);
}

int close(int fd)
{
    set_up();
    if (!buffers_are_busy())
        buffers_tell(fd);
    return real_close.close(fd);
}

int dup2(int fd, int other)
{
    set_up();
    if (!buffers_are_busy() && fd != other)
        buffers_tell(other);
    return real_dup2.dup2(fd, other);
}
