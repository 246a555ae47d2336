/* SPDX-License-Identifier: ISC
 *
 * A minimal program that uses the library. It prints the version that it was linked with, and waits
 * once.
 */
#include <fdslots.h>
#include <stdio.h>
#include <unistd.h>

/* Return the number of ready slots, which must be one: the write end of an empty pipe. */
static int wait_once(struct fdslots *s)
{
    int ends[2];
    if (pipe(ends) < 0)
        return -1;
    fdslots_set_index(s, 0, ends[0], POLLIN);
    fdslots_set_index(s, 7, ends[1], POLLOUT);
    int n = fdslots_wait(s, FDSLOTS_FOREVER, NULL);
    fdslots_close_index(s, 0);
    fdslots_close_index(s, 7);
    return n;
}

int main(void)
{
    struct fdslots *s;
    if (fdslots_create(8, 0, &s) < 0)
        return 1;
    int ready = wait_once(s);
    fdslots_destroy(s);
    printf("fdslots %s, %d ready\n", fdslots_version(), ready);
    return ready == 1 ? 0 : 1;
}
