/* SPDX-License-Identifier: ISC
 *
 * The numbers of the fds that the library opens. If a slot holds a closed number, it must go on to
 * read POLLNVAL, and its fdslots_close_index() must close nothing, so no file of the library may
 * get this number. Nor may one be 0, 1 or 2: a program that was started without these may open them
 * later by dup2(2), which would close the library's file.
 */
#include "../os/sys.h"
#include "slots.h"

#define WINDOW 4096 /* how many numbers one pass over the slots tells apart */

/* Return `from` if it is in no slot, or else a number above it that may be in none. No result is 0,
 * 1 or 2. */
static int next_clear_of_slots(const struct fdslots *s, int from)
{
    uint64_t taken[WINDOW / 64] = {0};
    FOR_EACH_IN(&s->used, i)
    {
        const int64_t offset = (int64_t)fdslots_slot_fd(s, i) - from;
        if (offset >= 0 && offset < WINDOW)
            taken[offset / 64] |= UINT64_C(1) << offset % 64;
    }
    int offset = from > STDERR_FILENO ? 0 : STDERR_FILENO + 1 - from;
    while (offset < WINDOW && (taken[offset / 64] >> offset % 64 & 1) != 0)
        offset++;
    return from + offset;
}

/* There may be many closed numbers, so the slots are not searched for each number alone. */
int fdslots_clear_of_slots(const struct fdslots *s, int fd)
{
    for (int clear; fd >= 0 && (clear = next_clear_of_slots(s, fd)) != fd;) {
        int higher = sys_dup_above(fd, clear - 1);
        sys_close(fd);
        fd = higher;
    }
    return fd;
}
