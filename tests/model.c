/* SPDX-License-Identifier: ISC */
#include "model.h"
#include "objects.h"

#include <fdslots.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SLOTS    40
#define OBJECTS  16
#define KEPT     4
#define CHILDREN 2
/* Numbers that only objects of the model are moved to, so that they are closed until it opens them
 * and never an fd of the library itself. */
#define HIGH   200
#define HIGHS  32
#define CLOSED 999

/* What a buffer should hold in a slot. */
struct expected {
    int fd; /* -1: empty */
    uint32_t events;
    bool paused;
    bool fired;
};

/* A buffer, the entry points that wait on it in turn, and how often it waits. */
struct subject {
    const char *name;
    int (*wait[5])(struct fdslots *s);
    unsigned every; /* 1: after each operation; else only after some, so that changes pile up */
    uint32_t max_ready;
    struct fdslots *buffer;
    struct expected slots[SLOTS];
    unsigned turn;
};

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

static struct subject subjects[] = {
    {"poll", {by_poll}, 1, 0, NULL, {{0}}, 0},
    {"ppoll", {by_ppoll}, 1, 0, NULL, {{0}}, 0},
    {"epoll_wait", {by_epoll_wait}, 1, 0, NULL, {{0}}, 0},
    {"epoll_wait, seldom", {by_epoll_wait}, 4, 0, NULL, {{0}}, 0},
    {"epoll_pwait, seldom", {by_epoll_pwait}, 9, 0, NULL, {{0}}, 0},
    {"all in turn", {by_poll, by_epoll_wait, by_ppoll, by_epoll_pwait}, 1, 0, NULL, {{0}}, 0},
    {"wait", {by_wait}, 1, 0, NULL, {{0}}, 0},
    {"wait and others", {by_wait, by_poll, by_wait, by_epoll_wait, by_wait}, 2, 0, NULL, {{0}}, 0},
};
#define SUBJECTS (sizeof subjects / sizeof subjects[0])

static struct {
    struct object objects[OBJECTS];
    bool open[OBJECTS];
    int kept[KEPT]; /* dups, which keep files alive after their fds are closed */
    const struct kind *kept_kind[KEPT];
    pid_t children[CHILDREN];
    unsigned steps;
} world;

static unsigned long comparisons;

unsigned long model_comparisons(void)
{
    return comparisons;
}

#define FOR_EACH_SUBJECT(s) for (struct subject *s = subjects; s < subjects + SUBJECTS; s++)

/* ---- operations on slots: the same on every buffer ---- */

static const uint32_t masks[] = {
    0,
    POLLIN,
    POLLOUT,
    POLLIN | POLLOUT,
    POLLPRI,
    POLLRDHUP,
    POLLIN | POLLPRI | POLLRDHUP,
    POLLRDNORM,
    POLLWRNORM,
    POLLRDBAND | POLLWRBAND,
    POLLIN | POLLOUT | POLLPRI | POLLRDHUP | POLLRDNORM | POLLRDBAND | POLLWRNORM | POLLWRBAND,
    POLLERR | POLLHUP | POLLNVAL,
    POLLIN,
    POLLOUT | POLLRDHUP,
    POLLIN | POLLERR,
    POLLWRBAND,
};

static uint32_t mask_of(uint8_t c)
{
    uint32_t events = masks[c & 15];
    return (c >> 4) % 5 == 4 ? events | FDSLOTS_ONESHOT : events;
}

static void set_slot(unsigned index, int fd, uint32_t events)
{
    FOR_EACH_SUBJECT(s)
    {
        fdslots_set_index(s->buffer, index, fd, events);
        s->slots[index] = (struct expected){.fd = fd < 0 ? -1 : fd, .events = events};
    }
}

static void op_set(const struct op *op)
{
    unsigned o = op->b % OBJECTS;
    set_slot(op->a % SLOTS, world.open[o] ? world.objects[o].fd : CLOSED, mask_of(op->c));
}

static void op_set_number(const struct op *op)
{
    set_slot(op->a % SLOTS, HIGH + op->b % HIGHS, mask_of(op->c));
}

static void op_set_events(const struct op *op)
{
    unsigned index = op->a % SLOTS;
    FOR_EACH_SUBJECT(s)
    {
        if (fdslots_set_events(s->buffer, index, mask_of(op->c)) < 0)
            continue;
        s->slots[index].events = mask_of(op->c);
        s->slots[index].fired = false;
    }
}

static void op_invalidate(const struct op *op)
{
    set_slot(op->a % SLOTS, -1, 0);
}

static void op_pause(const struct op *op)
{
    FOR_EACH_SUBJECT(s)
    {
        fdslots_pause_index(s->buffer, op->a % SLOTS);
        s->slots[op->a % SLOTS].paused = true;
    }
}

static void op_resume(const struct op *op)
{
    FOR_EACH_SUBJECT(s)
    {
        fdslots_resume_index(s->buffer, op->a % SLOTS);
        s->slots[op->a % SLOTS].paused = false;
        s->slots[op->a % SLOTS].fired = false;
    }
}

static void op_set_same(const struct op *op)
{
    struct expected now = subjects[0].slots[op->a % SLOTS];
    set_slot(op->a % SLOTS, now.fd, now.events);
}

static void op_swap(const struct op *op)
{
    struct expected a = subjects[0].slots[op->a % SLOTS];
    struct expected b = subjects[0].slots[op->b % SLOTS];
    set_slot(op->a % SLOTS, b.fd, b.events);
    set_slot(op->b % SLOTS, a.fd, a.events);
}

static void op_rebuild(const struct op *op)
{
    (void)op;
    FOR_EACH_SUBJECT(s)
    fdslots_rebuild(s->buffer);
}

/* ---- operations on files ---- */

static void tell_before_close(int fd)
{
    for (unsigned i = 0; i < SLOTS; i++)
        if (subjects[0].slots[i].fd == fd)
            set_slot(i, -1, 0);
}

static void close_object(unsigned o)
{
    if (!world.open[o])
        return;
    tell_before_close(world.objects[o].fd);
    close(world.objects[o].fd);
    object_close_rest(&world.objects[o]);
    world.open[o] = false;
}

static void move_fd(unsigned o, int number)
{
    int fd = world.objects[o].fd;
    if (fd == number)
        return;
    if (world.objects[o].peer == number)
        world.objects[o].peer = dup(number);
    if (dup2(fd, number) < 0)
        return;
    close(fd);
    world.objects[o].fd = number;
}

static void op_open(const struct op *op)
{
    unsigned o = op->a % OBJECTS;
    unsigned kind = op->b % object_kinds();
    if (kind == object_kinds() - 1 && op->c % 32 != 0)
        kind = op->c % (object_kinds() - 1);
    close_object(o);
    world.open[o] = object_open(&world.objects[o], kind) == 0;
    int number = HIGH + op->c % HIGHS;
    if (world.open[o] && op->c % 3 == 0 && fcntl(number, F_GETFD) < 0)
        move_fd(o, number); /* slots that hold the number come to life */
}

static void op_close(const struct op *op)
{
    close_object(op->a % OBJECTS);
}

/* Close and open at once: the number is another file, and the slots get it anew. */
static void op_reuse(const struct op *op)
{
    struct expected before[SLOTS];
    unsigned o = op->a % OBJECTS;
    int fd = world.objects[o].fd;
    if (!world.open[o])
        return;
    memcpy(before, subjects[0].slots, sizeof before);
    op_open(op);
    if (!world.open[o])
        return;
    move_fd(o, fd);
    for (unsigned i = 0; i < SLOTS; i++)
        if (before[i].fd == fd)
            set_slot(i, fd, before[i].events);
}

/* fdslots_close_index in one buffer; the others are told. */
static void op_close_index(const struct op *op)
{
    unsigned o = op->a % OBJECTS;
    unsigned closer = op->b % SUBJECTS;
    int fd = world.objects[o].fd;
    if (!world.open[o])
        return;
    unsigned index = SLOTS;
    for (unsigned i = 0; i < SLOTS; i++)
        if (subjects[0].slots[i].fd == fd)
            index = i;
    if (index == SLOTS)
        return;
    for (unsigned i = 0; i < SLOTS; i++) {
        if (subjects[0].slots[i].fd != fd)
            continue;
        FOR_EACH_SUBJECT(s)
        {
            /* The closer's other slots with this fd are left as they are, or told, by turns. */
            if (s != &subjects[closer] || (i != index && op->c % 2 == 0))
                fdslots_invalidate_index(s->buffer, i);
            s->slots[i] = (struct expected){.fd = -1};
        }
    }
    fdslots_close_index(subjects[closer].buffer, index);
    for (unsigned i = 0; i < SLOTS; i++)
        if (fdslots_get_fd(subjects[closer].buffer, i) == fd)
            set_slot(i, CLOSED, POLLIN);
    object_close_rest(&world.objects[o]);
    world.open[o] = false;
}

static void op_poke(const struct op *op)
{
    if (world.open[op->a % OBJECTS])
        object_poke(&world.objects[op->a % OBJECTS], op->b % object_pokes());
}

static void op_keep(const struct op *op)
{
    int *kept = &world.kept[op->b % KEPT];
    if (*kept >= 0)
        close(*kept);
    *kept = world.open[op->a % OBJECTS] ? dup(world.objects[op->a % OBJECTS].fd) : -1;
    world.kept_kind[op->b % KEPT] = world.objects[op->a % OBJECTS].kind;
}

/* Put another file, or the same one again, under a number in use. */
static void op_dup2(const struct op *op)
{
    struct expected before[SLOTS];
    unsigned o = op->a % OBJECTS;
    int fd = world.objects[o].fd;
    int kept = world.kept[op->b % KEPT];
    if (!world.open[o] || kept < 0)
        return;
    memcpy(before, subjects[0].slots, sizeof before);
    tell_before_close(fd);
    if (op->c % 2 == 0)
        close(fd);
    dup2(kept, fd);
    world.objects[o].kind = world.kept_kind[op->b % KEPT];
    for (unsigned i = 0; i < SLOTS; i++)
        if (before[i].fd == fd)
            set_slot(i, fd, before[i].events);
}

/* A child holds every file open until a later operation ends it. */
static void op_fork(const struct op *op)
{
    pid_t *child = &world.children[op->a % CHILDREN];
    if (*child > 0) {
        kill(*child, SIGKILL);
        waitpid(*child, NULL, 0);
        *child = 0;
    } else if (op->c % 64 == 0) {
        *child = fork();
        if (*child == 0)
            for (;;)
                pause();
    }
}

/* ---- the program ---- */

static const struct {
    const char *name;
    void (*run)(const struct op *op);
    unsigned weight;
} operations[] = {
    {"set", op_set, 14},
    {"set_events", op_set_events, 10},
    {"poke", op_poke, 24},
    {"open", op_open, 6},
    {"invalidate", op_invalidate, 3},
    {"pause", op_pause, 5},
    {"resume", op_resume, 5},
    {"set_same", op_set_same, 3},
    {"swap", op_swap, 2},
    {"close", op_close, 2},
    {"reuse", op_reuse, 3},
    {"close_index", op_close_index, 2},
    {"keep", op_keep, 3},
    {"dup2", op_dup2, 2},
    {"set_number", op_set_number, 1},
    {"rebuild", op_rebuild, 1},
    {"fork", op_fork, 1},
};
#define OPERATIONS (sizeof operations / sizeof operations[0])

static unsigned operation_of(uint8_t code)
{
    unsigned total = 0;
    for (unsigned i = 0; i < OPERATIONS; i++)
        total += operations[i].weight;
    unsigned at = code % total;
    unsigned i = 0;
    while (at >= operations[i].weight)
        at -= operations[i++].weight;
    return i;
}

void model_print(FILE *out, const struct op *op)
{
    fprintf(out, "    {%3u, %3u, %3u, %3u}, /* %s", op->code, op->a, op->b, op->c,
            operations[operation_of(op->code)].name);
    void (*run)(const struct op *) = operations[operation_of(op->code)].run;
    if (run == op_poke)
        fprintf(out, " object %u %s", op->a % OBJECTS, object_poke_name(op->b % object_pokes()));
    else if (run == op_open || run == op_reuse)
        fprintf(out, " object %u %s", op->a % OBJECTS, object_kind_name(op->b % object_kinds()));
    else if (run == op_set)
        fprintf(out, " slot %u object %u events 0x%x", op->a % SLOTS, op->b % OBJECTS,
                (unsigned)mask_of(op->c));
    else if (run == op_close || run == op_keep || run == op_dup2 || run == op_close_index)
        fprintf(out, " object %u", op->a % OBJECTS);
    else
        fprintf(out, " slot %u events 0x%x", op->a % SLOTS, (unsigned)mask_of(op->c));
    fprintf(out, " */\n");
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
    const struct op all_children[] = {{0, 0, 0, 1}, {0, 1, 0, 1}};
    for (unsigned i = 0; i < CHILDREN; i++)
        op_fork(&all_children[i]);
    for (unsigned i = 0; i < OBJECTS; i++)
        close_object(i);
    for (unsigned i = 0; i < KEPT; i++)
        if (world.kept[i] >= 0)
            close(world.kept[i]);
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
    operations[operation_of(op->code)].run(op);
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
