/* SPDX-License-Identifier: ISC */
#include "pair.h"

#include <unistd.h>

struct fdslots *s;
int ready;
int idle;

void pair_setup(uint32_t nslots, uint32_t flags)
{
    ck_assert_int_eq(fdslots_create(nslots, flags, &s), 0);
    ready = event_fd(true);
    idle = event_fd(false);
}

void pair_teardown(void)
{
    fdslots_destroy(s);
    close(ready);
    close(idle);
}
