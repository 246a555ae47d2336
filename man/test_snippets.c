/* SPDX-License-Identifier: ISC
 *
 * The functions in EXAMPLES of the manual pages, compiled as they stand there, do what the pages
 * say. Each check returns whether it held, or SKIP where the library lacks what it needs.
 */
#include "man/snippets.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define LONG_WAIT 10000 /* ms, where a slot is ready already: only a failure lasts so long */

enum outcome { FAIL, PASS, SKIP };

static enum outcome held(bool it)
{
    return it ? PASS : FAIL;
}

/* A pipe whose end to read is in slot 0 of a new buffer, with a byte in it. */
struct fixture {
    struct fdslots *s;
    int ends[2];
};

static bool set_up(struct fixture *f)
{
    return fdslots_create(64, 0, &f->s) == 0 && pipe(f->ends) == 0 &&
           write(f->ends[1], "x", 1) == 1 && fdslots_set_index(f->s, 0, f->ends[0], POLLIN) == 0;
}

/* Each client keeps what it has, and so does a copy of the pointer. */
static bool growing(int fd)
{
    struct fdslots *s;
    if (create_with_clients(16, &s) != 0)
        return false;
    const struct fdslots *copy = s;
    bool ok = true;
    for (int64_t i = 0; ok && i < 100; i++) {
        ok = add_growing(&s, fd) == i && clients[i].taken == 0;
        clients[i].taken = 100 + (size_t)i;
    }
    for (size_t i = 0; ok && i < 100; i++)
        ok = clients[i].taken == 100 + i;
    ok = ok && copy == s && fdslots_capacity(copy) == 128;
    fdslots_destroy(s);
    free(clients);
    return ok;
}

static enum outcome memory(struct fixture *f)
{
    struct fdslots *s;
    if (in_mapping(0, &s) != -EINVAL || in_mapping(1000, &s) != 0)
        return FAIL;
    bool ok = fdslots_capacity(s) == 1000;
    fdslots_destroy(s);
    ok = munmap(s, fdslots_size(1000)) == 0 && ok;
    ok = in_static_memory(&s) == 0 && fdslots_capacity(s) == 16 && ok;
    fdslots_destroy(s);
    return held(ok && growing(f->ends[0]));
}

static enum outcome slots(struct fixture *f)
{
    struct request r = {0, fdslots_get_generation(f->s, 0)};
    bool ok = still_ours(f->s, &r);
    ok = add(f->s, f->ends[1]) == 1 && ok;
    close_all(f->s);
    return held(ok && !still_ours(f->s, &r) && fdslots_next_used(f->s, 0) == -ENOENT &&
                fcntl(f->ends[0], F_GETFD) < 0 && fcntl(f->ends[1], F_GETFD) < 0);
}

static enum outcome polling(struct fixture *f)
{
    char byte;
    bool ok =
        wait_readable(f->s, f->ends[0], LONG_WAIT) == POLLIN && read(f->ends[0], &byte, 1) == 1;
    return held(ok && wait_readable(f->s, f->ends[0], 1) == -ETIMEDOUT);
}

static void on_sigterm(int signo)
{
    (void)signo;
    stop = 1;
}

static int steps;

/* The slot stays ready. */
static int step(struct fdslots *s)
{
    (void)s;
    steps++;
    return raise(SIGTERM);
}

static enum outcome signals(struct fixture *f)
{
    if (fdslots_has(FDSLOTS_HAS_PPOLL) != 1)
        return SKIP;
    struct sigaction action = {.sa_handler = on_sigterm};
    sigset_t term;
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_BLOCK, &term, NULL);
    sigaction(SIGTERM, &action, NULL);
    bool ok = serve(f->s, step) == 0 && stop == 0 && steps == 1;
    sigprocmask(SIG_UNBLOCK, &term, NULL);
    return held(ok && stop == 1);
}

static enum outcome epolling(struct fixture *f)
{
    bool ok = wait_ms(f->s, LONG_WAIT) == 1 && fdslots_get_revents(f->s, 0) == POLLIN;
    if (fdslots_has(FDSLOTS_HAS_EPOLL) == 1)
        ok = run_nested(f->s, LONG_WAIT) == 1 && ok;
    return held(ok);
}

static enum outcome deadline(struct fixture *f)
{
    char byte;
    bool ok = wait_seconds(f->s, 1000) == 1 && read(f->ends[0], &byte, 1) == 1;
    return held(ok && wait_seconds(f->s, 0) == 0 && wait_seconds(f->s, -5) == 0);
}

static enum outcome closing(struct fixture *f)
{
    fdslots_set_index(f->s, 5, f->ends[1], POLLOUT);
    fdslots_close_index(f->s, 5);
    bool ok = fdslots_poll(f->s, 64, LONG_WAIT) == 1;
    show_ready(f->s);
    say_why(f->s, 0);
    ok = take_what_came(f->s) == 0 && taken == 1 && fdslots_get_fd(f->s, 0) >= 0 && ok;
    ok = fdslots_poll(f->s, 64, LONG_WAIT) == 1 && take_what_came(f->s) == 0 && taken == 1 && ok;
    return held(ok && fdslots_get_fd(f->s, 0) == -ENOENT);
}

static enum outcome waking(struct fixture *f)
{
    if (fdslots_waker_open(f->s, 9) == -ENOTSUP)
        return SKIP;
    atomic_int work = 0;
    fdslots_invalidate_index(f->s, 0);
    bool ok = submit(f->s, &work) == 0 && submit(f->s, &work) == 0;
    ok = ok && fdslots_poll(f->s, 64, LONG_WAIT) == 1 && take_all(f->s, &work) == 2;
    return held(ok && fdslots_poll(f->s, 64, 0) == 0);
}

static enum outcome counting(struct fixture *f)
{
    struct fdslots_stats st;
    fdslots_poll(f->s, 64, 0);
    if (fdslots_get_stats(f->s, &st, sizeof st) == -ENOTSUP)
        return SKIP;
    double calls = calls_per_wait(f->s);
    return held(calls > 0.99 && calls < 1.01);
}

static enum outcome library(struct fixture *f)
{
    (void)f;
    show_library();
    return PASS;
}

static const struct {
    const char *page;
    enum outcome (*check)(struct fixture *f);
} checks[] = {
    {"fdslots_create", memory},   {"fdslots_set_index", slots},     {"fdslots_poll", polling},
    {"fdslots_ppoll", signals},   {"fdslots_epoll_wait", epolling}, {"fdslots_wait", deadline},
    {"fdslots_ready", closing},   {"fdslots_waker_open", waking},   {"fdslots_get_stats", counting},
    {"fdslots_version", library},
};

int main(void)
{
    static const char *const words[] = {"FAIL", "PASS", "SKIP"};
    int failed = 0;
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        struct fixture f = {.ends = {-1, -1}};
        enum outcome outcome = set_up(&f) ? checks[i].check(&f) : FAIL;
        printf("%s %s\n", words[outcome], checks[i].page);
        failed |= outcome == FAIL;
        fdslots_destroy(f.s);
        close(f.ends[0]);
        close(f.ends[1]);
    }
    return failed;
}
