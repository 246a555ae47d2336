/* SPDX-License-Identifier: ISC
 *
 * The operations of the model that fork.
 */
#include "asleep.h"
#include "model_world.h"
#include "sleeper.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

/* ---- a child that only holds files open ---- */

/* A child holds every open file open until a later operation ends it. */
void op_fork(const struct op *op)
{
    pid_t *child = &world.children[op->a % CHILDREN];
    if (*child > 0) {
        sleeper_end(*child);
        *child = 0;
    } else if (op->c % 64 == 0) {
        *child = sleeper_fork();
    }
}

void model_end_children(void)
{
    for (unsigned i = 0; i < CHILDREN; i++)
        if (world.children[i] > 0)
            sleeper_end(world.children[i]);
}

static pid_t fork_child(void)
{
    if (world.log != NULL)
        fflush(world.log);
    pid_t child = fork();
    if (child == 0)
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    return child;
}

/* ---- a child that goes on with the buffers ---- */

#define GENERATIONS 2
#define STEPS       5

/* A child must not end or await the children of its parent. */
static void disown(void)
{
    for (unsigned i = 0; i < CHILDREN; i++)
        world.children[i] = 0;
    for (unsigned i = 0; i < OBJECTS; i++)
        world.objects[i].child = 0;
}

/* The child first waits with every buffer, and then goes on with the program. */
static void go_on_as_child(unsigned manner)
{
    world.generation++;
    disown();
    for (unsigned slot = manner % 4; slot < SLOTS && manner % 8 < 4; slot += 4)
        model_set_slot(slot, -1, 0);
    bool agree = true;
    FOR_EACH_SUBJECT(s)
    agree = agree && model_agrees(s, manner);
    agree = agree && model_go_on(manner / 8 % STEPS);
    if (world.log != NULL)
        fflush(world.log);
    _exit(agree && !world.broken ? 0 : 1);
}

/* A child has a copy of everything that its parent has. The parent must not notice what the child
 * does. It forks only if no event is owed, because the child would report that event again. */
void op_child_goes_on(const struct op *op)
{
    if (op->c % 16 != 0 || world.generation == GENERATIONS || world.limit != 0 || model_owes_any())
        return;
    pid_t child = fork_child();
    if (child == 0)
        go_on_as_child(op->b);
    int status = child_status(child);
    if (status != 0)
        model_complain(&subjects[0], "status of a child that goes on", 0, status, 0);
}

/* ---- children that share a file with EXCLUSIVE ---- */

/* How the first child stops watching the file. */
enum leaving {
    STAYS,
    CLOSES_INDEX,
    INVALIDATES,
    SETS_ANOTHER,
    PAUSES,
    STAYS_BY_ANOTHER_SLOT,
    REBUILDS,
    IS_NOT_EXCLUSIVE,
    LEAVINGS
};

static void leave(struct fdslots *s, int fd, enum leaving how)
{
    switch (how) {
    case CLOSES_INDEX:
        fdslots_close_index(s, 0);
        break;
    case INVALIDATES:
        fdslots_invalidate_index(s, 0);
        close(fd);
        break;
    case SETS_ANOTHER:
        fdslots_set_index(s, 0, eventfd(0, EFD_NONBLOCK), POLLIN);
        close(fd);
        break;
    case PAUSES:
        fdslots_pause_index(s, 0);
        break;
    case STAYS_BY_ANOTHER_SLOT:
        fdslots_set_index(s, 1, fd, POLLIN | FDSLOTS_EXCLUSIVE);
        fdslots_epoll_wait(s, 0);
        fdslots_invalidate_index(s, 0);
        break;
    case REBUILDS:
        fdslots_invalidate_index(s, 0);
        close(fd);
        fdslots_epoll_wait(s, 0);
        fdslots_rebuild(s);
        break;
    case IS_NOT_EXCLUSIVE:
        fdslots_set_events(s, 0, POLLIN);
        break;
    default:
        break;
    }
}

static bool may_report(enum leaving how)
{
    return how == STAYS || how == STAYS_BY_ANOTHER_SLOT || how == IS_NOT_EXCLUSIVE;
}

/* The child writes 'w' before it waits, and 'r' when the file is reported to it. */
static void share(int fd, enum leaving how, const struct entry *e, int report)
{
    struct fdslots *s;
    fdslots_create(8, 0, &s);
    fdslots_set_index(s, 0, fd, POLLIN | FDSLOTS_EXCLUSIVE);
    fdslots_set_index(s, 2, eventfd(0, EFD_NONBLOCK), POLLIN);
    fdslots_epoll_wait(s, 0);
    leave(s, fd, how);
    (void)!write(report, "w", 1);
    int rc = e->wait(s, FDSLOTS_FOREVER, NULL);
    (void)!write(report, rc > 0 && may_report(how) ? "r" : "?", 1);
    for (;;)
        pause();
}

static pid_t fork_sharer(int fd, enum leaving how, const struct entry *e, const int report[2])
{
    char said = 0;
    pid_t child = fork_child();
    if (child == 0)
        share(fd, how, e, report[1]);
    (void)!read(report[0], &said, 1);
    asleep_await(child); /* all that the child has left to do is to wait */
    return child;
}

static bool is_ready(int fd)
{
    struct pollfd question = {.fd = fd, .events = POLLIN};
    return poll(&question, 1, 0) != 0;
}

/* The child that leaves is first in the kernel's queue. The child that stays must be woken. */
static char who_is_woken(struct object *o, const struct op *op, const int report[2])
{
    static const enum entry_point by[] = {ENTRY_EPOLL_WAIT, ENTRY_EPOLL_PWAIT, ENTRY_WAIT};
    const struct entry *first = entry_for(by[op->c / 4 % 3]);
    const struct entry *second = entry_for(by[op->b / LEAVINGS % 3]);
    pid_t leaver = fork_sharer(o->fd, (enum leaving)(op->b % LEAVINGS), first, report);
    pid_t stayer = fork_sharer(o->fd, STAYS, second, report);
    char said = 'r';
    object_make_readable(o);
    if (is_ready(o->fd))
        (void)!read(report[0], &said, 1);
    sleeper_end(leaver);
    sleeper_end(stayer);
    return said;
}

static bool may_be_shared(const struct object *o)
{
    return !o->polled && !object_is_epoll_set(o) && !object_is_personal(o) &&
           HAVE_DECL_EPOLLEXCLUSIVE && fdslots_has(FDSLOTS_HAS_EPOLL) == 1;
}

/* An event wakes one of the children, even if the other has left. */
void op_share(const struct op *op)
{
    struct object *o = &world.objects[op->a % OBJECTS];
    int report[2];
    if (op->c % 4 != 0 || !world.open[op->a % OBJECTS] || !may_be_shared(o) || world.limit != 0 ||
        is_ready(o->fd) || pipe(report) < 0)
        return;
    char said = who_is_woken(o, op, report);
    if (said != 'r')
        model_complain(&subjects[0], "woken of those that share", 0, said, 'r');
    close(report[0]);
    close(report[1]);
}
