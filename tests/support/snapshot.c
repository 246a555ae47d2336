/* SPDX-License-Identifier: ISC */
#include "snapshot.h"
#include "common.h"

#include <string.h>

static void take_dump(struct snapshot *snapshot, const struct fdslots *s)
{
    FILE *stream = fmemopen(snapshot->dump, sizeof snapshot->dump, "w");
    ck_assert_ptr_nonnull(stream);
    ck_assert_int_eq(fdslots_dump(s, stream), 0);
    fclose(stream);
}

void snapshot_take(struct snapshot *snapshot, const struct fdslots *s)
{
    /* Also clears the padding, because memcmp() compares it. */
    memset(snapshot, 0, sizeof *snapshot);
    snapshot->capacity = fdslots_capacity(s);
    ck_assert_uint_le(snapshot->capacity, SNAPSHOT_SLOTS);
    snapshot->view_address = fdslots_view(s);
    for (uint32_t i = 0; i < snapshot->capacity; i++) {
        snapshot->fd[i] = fdslots_get_fd(s, i);
        snapshot->events[i] = fdslots_get_events(s, i);
        snapshot->revents[i] = fdslots_get_revents(s, i);
        snapshot->generation[i] = fdslots_get_generation(s, i);
        snapshot->next_used[i] = fdslots_next_used(s, i);
        if (snapshot->fd[i] >= 0)
            snapshot->view[i] = fdslots_view(s)[i];
    }
    const uint32_t *ready = fdslots_ready(s, &snapshot->ready_count);
    memcpy(snapshot->ready, ready, snapshot->ready_count * sizeof *ready);
    take_dump(snapshot, s);
}

void snapshot_compare(const struct snapshot *before, const struct fdslots *s, const char *what)
{
    struct snapshot now;
    snapshot_take(&now, s);
    ck_assert_msg(memcmp(before, &now, sizeof now) == 0, "%s changed the buffer from\n%sto\n%s",
                  what, before->dump, now.dump);
}
