/* SPDX-License-Identifier: ISC
 *
 * Breaks the one rule in a buffer without flags, and prints whether the library noticed.
 * environment.test runs it. Exits with 77 if FDSLOTS_CHECK does not work here.
 */
#include <fdslots.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define EXIT_SKIP 77

static void must(int rc, const char *what)
{
    if (rc >= 0)
        return;
    fprintf(stderr, "%s: %d\n", what, rc);
    exit(EXIT_FAILURE);
}

/* Another file gets the number, and the buffer is not told. */
static int number_of_lost(uint32_t flags)
{
    int first[2], second[2];
    struct fdslots *s;
    struct fdslots_stats stats;
    must(fdslots_create(4, flags, &s), "fdslots_create");
    must(pipe(first), "pipe");
    must(fdslots_set_index(s, 0, first[0], POLLIN), "fdslots_set_index");
    must(fdslots_wait(s, 0, NULL), "fdslots_wait");
    must(pipe(second), "pipe");
    must(dup2(second[0], first[0]), "dup2");
    must(fdslots_wait(s, 0, NULL), "fdslots_wait");
    must(fdslots_get_stats(s, &stats, sizeof stats), "fdslots_get_stats");
    fdslots_destroy(s);
    return (int)stats.lost;
}

int main(void)
{
    if (fdslots_has(FDSLOTS_HAS_EPOLL) != 1)
        return EXIT_SKIP;
    printf("lost %d, without epoll %d%s\n", number_of_lost(0), number_of_lost(FDSLOTS_NO_EPOLL),
           getuid() != geteuid() ? ", set-user-ID" : "");
    return 0;
}
