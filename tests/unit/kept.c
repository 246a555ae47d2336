/* SPDX-License-Identifier: ISC */
#include "kept.h"

#include <fcntl.h>
#include <unistd.h>

int lost;
int kept;

void kept_setup(uint32_t flags)
{
    pair_setup(KEPT_SLOTS, flags);
    lost = event_fd(false);
    kept = fcntl(lost, F_DUPFD_CLOEXEC, 100);
    ck_assert_int_ge(kept, 0);
    EXPECT(fdslots_set_index(s, 0, idle, POLLIN), 0);
    EXPECT(fdslots_set_index(s, 1, lost, POLLIN), 0);
}

void kept_teardown(void)
{
    pair_teardown();
    close(lost);
    close(kept);
}
