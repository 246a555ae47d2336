/* SPDX-License-Identifier: ISC
 *
 * Runs a program: the buffers, and the steps on them.
 */
#include "model_world.h"

#include <errno.h>
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
     .by = {ENTRY_WAIT, ENTRY_POLL, ENTRY_WAIT_UNTIL, ENTRY_EPOLL_WAIT, ENTRY_WAIT},
     .turns = 5,
     .every = 2,
     .stride = 1},
    /* Three levels of an index set, and more slots than poll(2) takes with some RLIMIT_NOFILE. */
    {.name = "wait, far apart",
     .by = {ENTRY_WAIT, ENTRY_EPOLL_WAIT, ENTRY_WAIT},
     .turns = 3,
     .every = 3,
     .stride = 200},
    {.name = "a few at a time",
     .by = {ENTRY_EPOLL_WAIT, ENTRY_POLL, ENTRY_EPOLL_PWAIT, ENTRY_WAIT, ENTRY_PPOLL},
     .turns = 5,
     .every = 5,
     .stride = 1,
     .max_ready = 5},
    {.name = "edges and exclusive",
     .by = {ENTRY_EPOLL_WAIT, ENTRY_WAIT, ENTRY_EPOLL_PWAIT},
     .turns = 3,
     .every = 2,
     .stride = 1,
     .edges = true},
    {.name = "checked",
     .by = {ENTRY_EPOLL_WAIT, ENTRY_WAIT, ENTRY_POLL, ENTRY_EPOLL_PWAIT, ENTRY_PPOLL},
     .turns = 5,
     .every = 2,
     .stride = 1,
     .flags = FDSLOTS_CHECK},
};
struct world world;

/* The current program and the position in it. */
static const struct op *program;
static size_t program_length;
static size_t program_at;

static unsigned long operations;

bool model_complain(const struct subject *s, const char *what, unsigned slot, int got, int wanted)
{
    if (world.log != NULL) {
        fprintf(world.log, "%s: %s, slot %u: got 0x%x, wanted 0x%x\n", s->name, what, slot,
                (unsigned)got, (unsigned)wanted);
        fdslots_dump(s->buffer, world.log);
    }
    world.broken = true;
    return false;
}

static void create_buffer(struct subject *s)
{
    int rc = fdslots_create(SLOTS * s->stride, s->flags, &s->buffer);
    if (rc == -ENOTSUP) /* there is nothing to check with */
        rc = fdslots_create(SLOTS * s->stride, s->flags = 0, &s->buffer);
    if (rc < 0)
        abort();
    if (s->max_ready != 0)
        fdslots_set_max_ready(s->buffer, s->max_ready);
}

static void begin(FILE *log)
{
    world = (struct world){.log = log};
    for (unsigned i = 0; i < KEPT; i++)
        world.kept[i] = -1;
    for (unsigned i = 0; i < OBJECTS; i++)
        world.objects[i].fd = -1;
    FOR_EACH_SUBJECT(s)
    {
        create_buffer(s);
        s->turn = 0;
        for (unsigned i = 0; i < SLOTS; i++)
            s->slots[i] = (struct expected){.fd = -1};
        for (unsigned i = 0; i < OBJECTS; i++)
            s->owed[i] = OWED_NOTHING;
    }
}

static void end(void)
{
    const struct timespec at_once = {0, 0};
    model_lift_limit();
    model_end_children();
    model_close_all();
    FOR_EACH_SUBJECT(s)
    {
        fdslots_destroy(s->buffer);
        free(s->memory);
        s->memory = NULL;
    }
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
    model_limit_ticks();
    return !world.broken;
}

bool model_go_on(unsigned steps)
{
    for (unsigned i = 0; i < steps && program_at < program_length; i++)
        if (!step(&program[program_at++]))
            return false;
    return true;
}

long model_run(const struct op *of, size_t length, FILE *log)
{
    signal(SIGPIPE, SIG_IGN);
    program = of;
    program_length = length;
    program_at = 0;
    begin(log);
    bool agreed = true;
    while (agreed && program_at < length)
        agreed = model_go_on(1);
    end();
    return agreed ? -1 : (long)program_at - 1;
}

unsigned long model_steps(void)
{
    return world.steps;
}

void model_print_counts(FILE *out)
{
    fprintf(out, "%lu operations, each of them on %d buffers; ", operations, SUBJECTS);
    model_print_waits(out);
    objects_print_kinds(out);
}
