/* SPDX-License-Identifier: ISC */
#include "settled.h"

#include <unistd.h>

void fill_slots(struct fdslots *s, int *fds, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        fds[i] = event_fd(false);
        EXPECT(fdslots_set_index(s, i, fds[i], POLLIN), 0);
    }
}

struct fdslots *known_slots(int *fds, uint32_t count)
{
    struct fdslots *known = make_slots(count);
    fill_slots(known, fds, count);
    EXPECT(fdslots_wait(known, 0, NULL), 0); /* without a choice, by poll(2) */
    EXPECT(fdslots_epoll_wait(known, 0), 0);
    return known;
}

void close_slots(struct fdslots *known, const int *fds, uint32_t count)
{
    fdslots_destroy(known);
    for (uint32_t i = 0; i < count; i++)
        close(fds[i]);
}

void toggle(struct fdslots *many, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        EXPECT(fdslots_set_events(many, i, (uint32_t)fdslots_get_events(many, i) ^ POLLPRI), 0);
}

bool is_steady_with(struct fdslots *many, int64_t timeout_ns, int ready)
{
    const struct steady *plan = fdslots_steady_of(many->choice, timeout_ns > 0);
    const uint32_t left = plan->waits - plan->ran;
    EXPECT(fdslots_wait(many, timeout_ns, NULL), ready);
    return left > 0 && plan->waits - plan->ran == left - 1;
}

bool is_steady(struct fdslots *many)
{
    return is_steady_with(many, 0, 0);
}
