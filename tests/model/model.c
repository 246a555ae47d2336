/* SPDX-License-Identifier: ISC
 *
 * Running a program: the buffers, and what is done to them step by step.
 */
#include "model_world.h"

#include <signal.h>
#include <stdlib.h>
#include <time.h>

struct subject subjects[SUBJECTS] = {
    {.name = "poll", .by = {ENTRY_POLL}, .turns = 1, .every = 1, .stride = 1},
    {.name = "ppoll", .by = {ENTRY_PPOLL}, .turns = 1, .every = 1, .stride = 1},
    {.name = "epoll_wait", .by = {ENTRY_EPOLL_WAIT}, .turns = 1, .every = 1, .stride = 1},
    {.name = "epoll_wait, seldom", .by = {ENTRY_EPOLL_WAIT}, .turns = 1, .every = 4, .stride = 1},
    {.name = "epoll_pwait, seldom and apart",
     .by = {ENTRY_EPOLL_PWAIT},
     .turns = 1,
     .every = 9,
     .stride = 25},
    {.name = "all in turn",
     .by = {ENTRY_POLL, ENTRY_EPOLL_WAIT, ENTRY_PPOLL, ENTRY_EPOLL_PWAIT},
     .turns = 4,
     .every = 1,
     .stride = 1},
    {.name = "wait", .by = {ENTRY_WAIT}, .turns = 1, .every = 1, .stride = 1},
    {.name = "wait and others",
     .by = {ENTRY_WAIT, ENTRY_POLL, ENTRY_WAIT, ENTRY_EPOLL_WAIT, ENTRY_WAIT},
     .turns = 5,
     .every = 2,
     .stride = 1},
    /* Three levels of an index set; and more slots than some RLIMIT_NOFILE lets poll(2) take. */
    {.name = "wait, far apart",
     .by = {ENTRY_WAIT, ENTRY_EPOLL_WAIT, ENTRY_WAIT},
     .turns = 3,
     .every = 3,
     .stride = 200},
    {.name = "a few at a time",
     .by = {ENTRY_EPOLL_WAIT, ENTRY_EPOLL_PWAIT},
     .turns = 2,
     .every = 5,
     .stride = 1,
     .max_ready = 5},
    {.name = "edges and exclusive",
     .by = {ENTRY_EPOLL_WAIT, ENTRY_WAIT, ENTRY_EPOLL_PWAIT},
     .turns = 3,
     .every = 2,
     .stride = 1,
     .edges = true},
};
struct world world;

static unsigned long operations;

static void begin(FILE *log)
{
    world = (struct world){.log = log};
    for (unsigned i = 0; i < KEPT; i++)
        world.kept[i] = -1;
    for (unsigned i = 0; i < OBJECTS; i++)
        world.objects[i].fd = -1;
    FOR_EACH_SUBJECT(s)
    {
        if (fdslots_create(SLOTS * s->stride, 0, &s->buffer) < 0)
            abort();
        if (s->max_ready != 0)
            fdslots_set_max_ready(s->buffer, s->max_ready);
        s->turn = 0;
        for (unsigned i = 0; i < SLOTS; i++)
            s->slots[i] = (struct expected){.fd = -1};
    }
}

static void end(void)
{
    const struct timespec at_once = {0, 0};
    model_close_all();
    FOR_EACH_SUBJECT(s)
    fdslots_destroy(s->buffer);
    sigset_t used;
    sigemptyset(&used);
    sigaddset(&used, SIGUSR2);
    while (sigtimedwait(&used, NULL, &at_once) > 0)
        ;
}

static bool step(const struct op *op)
{
    model_forget_answers();
    model_operate(op);
    model_forget_answers();
    operations++;
    const unsigned manner = op->c ^ ++world.steps;
    FOR_EACH_SUBJECT(s)
    {
        if (manner % s->every == 0 && !model_agrees(s, manner / s->every))
            return false;
    }
    return !world.broken;
}

long model_run(const struct op *program, size_t length, FILE *log)
{
    long failed = -1;
    signal(SIGPIPE, SIG_IGN);
    begin(log);
    for (size_t i = 0; i < length && failed < 0; i++)
        if (!step(&program[i]))
            failed = (long)i;
    end();
    return failed;
}

void model_print_counts(FILE *out)
{
    fprintf(out, "%lu operations, each on %d buffers; ", operations, SUBJECTS);
    model_print_waits(out);
}
