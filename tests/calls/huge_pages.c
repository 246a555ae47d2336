/* SPDX-License-Identifier: ISC
 *
 * Slots that were never used cost no memory, even if the kernel gives huge pages to all memory. The
 * test does not depend on that setting: it makes the C library ask for huge pages for all memory of
 * malloc(3).
 */
#include "entry.h"
#include "env.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SLOTS     1000000u
#define HUGE_PAGE (2l << 20)
/* The heap may take one huge page more; the arrays would take five. */
#define MOST (2 * HUGE_PAGE)

/* Whether writing one byte makes a huge page resident. */
static bool has_huge_pages(void)
{
    const long before = resident_memory();
    char *piece = malloc(64 << 20);
    if (piece == NULL)
        return false;
    ((volatile char *)piece)[32 << 20] = 1;
    const bool huge = resident_memory() - before >= HUGE_PAGE;
    free(piece);
    return huge;
}

static int use_ten(struct fdslots *s, uint32_t first, int fd)
{
    int failed = 0;
    for (uint32_t i = first; i < first + 10; i++)
        failed |= fdslots_set_index(s, i, fd, POLLIN) != 0;
    for (int i = 0; i < entry_count(); i++)
        failed |= entry_at(i)->wait(s, 0, NULL) < 10;
    return failed;
}

static int check(const char *what, long before)
{
    const long grown = resident_memory() - before;
    if (grown < MOST)
        return 0;
    fprintf(stderr, "%s: %ld bytes became resident\n", what, grown);
    return 1;
}

static int check_buffer(int fd)
{
    struct fdslots *s;
    const long before = resident_memory();
    int failed = fdslots_create(SLOTS, 0, &s) != 0;
    if (failed)
        return failed;
    failed |= use_ten(s, 0, fd) | check("create", before);
    failed |= fdslots_resize(&s, 2 * SLOTS) != 0;
    failed |= use_ten(s, 10, fd) | check("resize", before);
    fdslots_destroy(s);
    return failed;
}

/* The C library reads the variable at the start of a program, so this program starts itself
 * again. */
static void ask_for_huge_pages(char **argv)
{
    if (getenv("GLIBC_TUNABLES") != NULL)
        return;
    setenv("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1", 1);
    execv("/proc/self/exe", argv);
}

int main(int argc, char **argv)
{
    int p[2];
    (void)argc;
    alarm(WATCHDOG_S);
    if (UNDER_ASAN || under_valgrind()) {
        printf("skipped: this is not the allocator of glibc\n");
        return EXIT_SKIP;
    }
    ask_for_huge_pages(argv);
    if (!has_huge_pages()) {
        printf("skipped: the kernel or the C library gives no huge pages\n");
        return EXIT_SKIP;
    }
    if (pipe(p) < 0 || write(p[1], "x", 1) != 1)
        return EXIT_FAILURE;
    return check_buffer(p[0]) ? EXIT_FAILURE : EXIT_SUCCESS;
}
