/* SPDX-License-Identifier: ISC
 *
 * Running a program, and comparing every buffer with poll(2).
 */
#include "model_world.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct timespec at_once;

static int by_poll(struct fdslots *s)
{
    return fdslots_poll(s, SLOTS, 0);
}

static int by_ppoll(struct fdslots *s)
{
    return fdslots_ppoll(s, SLOTS, &at_once, NULL);
}

static int by_epoll_wait(struct fdslots *s)
{
    return fdslots_epoll_wait(s, 0);
}

static int by_epoll_pwait(struct fdslots *s)
{
    return fdslots_epoll_pwait(s, &at_once, NULL);
}

static int by_wait(struct fdslots *s)
{
    return fdslots_wait(s, 0, NULL);
}

struct subject subjects[SUBJECTS] = {
    {"poll", {by_poll}, 1, NULL, {{0}}, 0},
    {"ppoll", {by_ppoll}, 1, NULL, {{0}}, 0},
    {"epoll_wait", {by_epoll_wait}, 1, NULL, {{0}}, 0},
    {"epoll_wait, seldom", {by_epoll_wait}, 4, NULL, {{0}}, 0},
    {"epoll_pwait, seldom", {by_epoll_pwait}, 9, NULL, {{0}}, 0},
    {"all in turn", {by_poll, by_epoll_wait, by_ppoll, by_epoll_pwait}, 1, NULL, {{0}}, 0},
    {"wait", {by_wait}, 1, NULL, {{0}}, 0},
    {"wait and others", {by_wait, by_poll, by_wait, by_epoll_wait, by_wait}, 2, NULL, {{0}}, 0},
};
struct world world;

static unsigned long comparisons;

unsigned long model_comparisons(void)
{
    return comparisons;
}

/* ---- comparing ---- */

static void ask_oracle(const struct subject *s, struct pollfd *fds)
{
    for (unsigned i = 0; i < SLOTS; i++) {
        const struct expected *e = &s->slots[i];
        fds[i] = (struct pollfd){.fd = e->paused || e->fired ? -1 : e->fd,
                                 .events = (short)(uint16_t)e->events};
    }
    poll(fds, SLOTS, 0);
}

static bool complain(FILE *log, const struct subject *s, const char *what, unsigned index, int got,
                     int wanted)
{
    if (log != NULL) {
        fprintf(log, "%s: %s, slot %u: got 0x%x, poll says 0x%x\n", s->name, what, index,
                (unsigned)got, (unsigned)wanted);
        fdslots_dump(s->buffer, log);
    }
    return false;
}

/* The ready list names each slot with revents, once. */
static bool ready_list_agrees(const struct subject *s, int rc, FILE *log)
{
    uint32_t count;
    const uint32_t *ready = fdslots_ready(s->buffer, &count);
    bool listed[SLOTS] = {false};
    if (rc != (int)count)
        return complain(log, s, "result and ready count", 0, rc, (int)count);
    for (uint32_t i = 0; i < count; i++) {
        if (ready[i] >= SLOTS || listed[ready[i]])
            return complain(log, s, "ready list", ready[i], (int)i, 0);
        listed[ready[i]] = true;
    }
    for (unsigned i = 0; i < SLOTS; i++)
        if (listed[i] != (fdslots_get_revents(s->buffer, i) != 0))
            return complain(log, s, "listed", i, listed[i], !listed[i]);
    return true;
}

static bool changes_by_itself(int fd)
{
    for (unsigned o = 0; o < OBJECTS; o++)
        if (world.objects[o].fd == fd && object_changes_by_itself(&world.objects[o]))
            return true;
    return false;
}

/* A file may change between the questions (a TCP segment under way): an answer is right that poll
 * gave either before or after. */
static bool agrees(struct subject *s, FILE *log)
{
    struct pollfd before[SLOTS];
    struct pollfd after[SLOTS];
    unsigned waits = 0;
    while (waits < 5 && s->wait[waits] != NULL)
        waits++;
    comparisons++;
    ask_oracle(s, before);
    int rc = s->wait[s->turn++ % waits](s->buffer);
    ask_oracle(s, after);
    if (rc == -ENOTSUP)
        return true;
    if (rc < 0)
        return complain(log, s, "error", 0, -rc, 0);
    for (unsigned i = 0; i < SLOTS; i++) {
        struct expected *e = &s->slots[i];
        int got = fdslots_get_revents(s->buffer, i);
        if (got != (uint16_t)before[i].revents && got != (uint16_t)after[i].revents &&
            !changes_by_itself(e->fd))
            return complain(log, s, "revents", i, got, (uint16_t)before[i].revents);
        if (fdslots_get_fd(s->buffer, i) != (e->fd < 0 ? -ENOENT : e->fd))
            return complain(log, s, "fd", i, fdslots_get_fd(s->buffer, i), e->fd);
        if (got != 0 && (e->events & FDSLOTS_ONESHOT) != 0)
            e->fired = true;
    }
    return ready_list_agrees(s, rc, log);
}

/* ---- running ---- */

static void begin(void)
{
    memset(&world, 0, sizeof world);
    for (unsigned i = 0; i < KEPT; i++)
        world.kept[i] = -1;
    for (unsigned i = 0; i < OBJECTS; i++)
        world.objects[i].fd = -1;
    FOR_EACH_SUBJECT(s)
    {
        if (fdslots_create(SLOTS, 0, &s->buffer) < 0)
            abort();
        s->turn = 0;
        for (unsigned i = 0; i < SLOTS; i++)
            s->slots[i] = (struct expected){.fd = -1};
    }
}

static void end(void)
{
    model_close_all();
    FOR_EACH_SUBJECT(s)
    fdslots_destroy(s->buffer);
    sigset_t used;
    sigemptyset(&used);
    sigaddset(&used, SIGUSR2);
    while (sigtimedwait(&used, NULL, &at_once) > 0)
        ;
}

static bool step(const struct op *op, FILE *log)
{
    model_operate(op);
    world.steps++;
    FOR_EACH_SUBJECT(s)
    {
        if ((s->every == 1 || (op->c ^ world.steps) % s->every == 0) && !agrees(s, log))
            return false;
    }
    return true;
}

long model_run(const struct op *program, size_t length, FILE *log)
{
    long failed = -1;
    signal(SIGPIPE, SIG_IGN);
    begin();
    for (size_t i = 0; i < length && failed < 0; i++)
        if (!step(&program[i], log))
            failed = (long)i;
    end();
    return failed;
}
