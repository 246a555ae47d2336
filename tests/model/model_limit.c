/* SPDX-License-Identifier: ISC
 *
 * A limit that takes effect in the middle of a program: for some operations, the process can open
 * no fd, and poll(2) takes only a few slots.
 */
#include "env.h"
#include "model_world.h"

#include <errno.h>
#include <sys/resource.h>
#include <unistd.h>

#define LIMIT 64 /* high enough for the fds of the oracle and the set beside it */
#define STEPS 20

static struct rlimit before;
static int fillers[LIMIT];
static int filled;
static unsigned left;

static void lower(void)
{
    const struct rlimit few = {LIMIT, before.rlim_max};
    if (setrlimit(RLIMIT_NOFILE, &few) < 0)
        return;
    world.limit = LIMIT;
    left = STEPS;
    filled = 0;
    while (filled < LIMIT && (fillers[filled] = dup(0)) >= 0)
        filled++;
}

void model_lift_limit(void)
{
    if (world.limit == 0)
        return;
    while (filled > 0)
        close(fillers[--filled]);
    setrlimit(RLIMIT_NOFILE, &before);
    world.limit = 0;
}

void model_limit_ticks(void)
{
    if (world.limit != 0 && --left == 0)
        model_lift_limit();
}

void op_limit(const struct op *op)
{
    if (world.limit != 0)
        model_lift_limit();
    else if (op->c % 2 == 0 && !under_valgrind() && getrlimit(RLIMIT_NOFILE, &before) == 0)
        lower(); /* valgrind has a limit of its own */
}

/* poll(2) refuses the wait if the highest used slot is at the limit or above. */
static bool poll_refuses(const struct subject *s)
{
    for (unsigned i = SLOTS; i-- > 0;)
        if (s->slots[i].fd >= 0)
            return place(s, i) >= (uint32_t)world.limit;
    return false;
}

/* The wait may have to make a set, or to rebuild it. */
bool model_may_fail(const struct subject *s, enum entry_point point, int rc)
{
    if (world.limit == 0)
        return false;
    switch (point) {
    case ENTRY_POLL:
    case ENTRY_PPOLL:
        return rc == -EINVAL && poll_refuses(s);
    case ENTRY_WAIT:
    case ENTRY_WAIT_UNTIL:
        return (rc == -EINVAL || rc == -EMFILE) && (s->edges || poll_refuses(s));
    default:
        return rc == -EMFILE;
    }
}
