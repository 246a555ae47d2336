/* SPDX-License-Identifier: ISC
 *
 * Making and ending buffers: memory of every sort, and the memory that a buffer takes.
 */
#include "common.h"
#include "env.h"
#include "exercise.h"
#include "kernel.h"
#include "oracle.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

/* Call all functions, read the results a last time, and end the buffer. */
static void use(struct fdslots *s)
{
    int p[2];
    FILE *stream = fopen("/dev/null", "w");
    ck_assert_ptr_nonnull(stream);
    make_pipe(p, true);
    exercise(s, p[0], p[1], stream);
    for (int i = 0; i < entry_count(); i++) {
        struct pollfd want[] = {{p[0], POLLIN, 0}, {p[1], POLLOUT, 0}, {p[1], POLLIN, 0}};
        uint32_t n = fdslots_capacity(s) < 3 ? fdslots_capacity(s) : 3;
        oracle_fill(s, want, n);
        ck_assert_int_eq(oracle_check(entry_at(i), s, want, n), n < 2 ? 1 : 2);
    }
    fclose(stream);
    close_pipe(p);
    EXPECT_QUIET(fdslots_destroy(s));
}

static struct fdslots *init_in(void *mem, size_t size, uint32_t nslots)
{
    struct fdslots *s = NULL;
    EXPECT(fdslots_init(mem, size, nslots, 0, &s), 0);
    ck_assert_ptr_nonnull(s);
    EXPECT(fdslots_capacity(s), nslots);
    EXPECT(fdslots_next_used(s, 0), -ENOENT);
    for (uint32_t i = 0; i < nslots; i++)
        EXPECT(fdslots_get_fd(s, i), -ENOENT);
    return s;
}

START_TEST(size_is_monotonic_and_bounded)
{
    EXPECT((intmax_t)fdslots_size(0), 0);
    EXPECT((intmax_t)fdslots_size((uint32_t)INT_MAX + 1), 0);
    EXPECT((intmax_t)fdslots_size(UINT32_MAX), 0);
    size_t before = 0;
    for (uint32_t n = 1; n < 1000; n++) {
        /* The size includes the view. */
        ck_assert_uint_ge(fdslots_size(n), n * sizeof(struct pollfd));
        ck_assert_uint_ge(fdslots_size(n), before);
        before = fdslots_size(n);
    }
    if (sizeof(size_t) > 4)
        ck_assert_uint_gt(fdslots_size(INT_MAX), (size_t)INT_MAX * sizeof(struct pollfd));
}
END_TEST

/* The view shows where the slots are. Slots come into use 64 at a time, and slots above are not
 * written. */
START_TEST(slots_above_are_never_written)
{
    enum { SLOTS = 1024, PLAY = 64, GARBAGE = 0xa5 };
    size_t size = fdslots_size(SLOTS);
    unsigned char *mem = malloc(size);
    ck_assert_ptr_nonnull(mem);
    memset(mem, GARBAGE, size);
    struct fdslots *s = NULL;
    EXPECT(fdslots_init(mem, size, SLOTS, 0, &s), 0);
    EXPECT(fdslots_set_index(s, 0, 0, POLLIN), 0);
    EXPECT(fdslots_invalidate_index(s, 0), 0);
    EXPECT(fdslots_wait(s, 0, NULL), 0);
    const unsigned char *above = (const unsigned char *)(fdslots_view(s) + PLAY);
    for (size_t i = 0; i < (SLOTS - PLAY) * sizeof(struct pollfd); i++)
        ck_assert_uint_eq(above[i], GARBAGE);
    fdslots_destroy(s);
    free(mem);
}
END_TEST

START_TEST(lives_in_static_memory)
{
    static uint64_t mem[2000];
    const uint32_t sizes[] = {1, 2, 63, 64, 65, 130};
    for (int i = 0; i < LENGTH(sizes); i++) {
        ck_assert_uint_le(fdslots_size(sizes[i]), sizeof mem);
        use(init_in(mem, sizeof mem, sizes[i]));
    }
}
END_TEST

START_TEST(lives_on_the_stack)
{
    uint64_t mem[1000];
    memset(mem, 0xff, sizeof mem);
    use(init_in(mem, sizeof mem, 20));
}
END_TEST

START_TEST(lives_in_mapped_memory)
{
    size_t size = fdslots_size(5000);
    void *mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(mem, MAP_FAILED);
    use(init_in(mem, size, 5000));
    ck_assert_int_eq(munmap(mem, size), 0); /* after destroy, the memory is the caller's again */
}
END_TEST

START_TEST(lives_in_memory_of_its_own)
{
    const uint32_t sizes[] = {1, 3, 64, 65, 4096, 4097};
    for (int i = 0; i < LENGTH(sizes); i++) {
        struct fdslots *s = make_slots(sizes[i]);
        EXPECT(fdslots_capacity(s), sizes[i]);
        use(s);
    }
}
END_TEST

START_TEST(no_epoll_is_a_flag)
{
    struct fdslots *s = NULL;
    EXPECT(fdslots_create(4, FDSLOTS_NO_EPOLL, &s), 0);
    EXPECT(fdslots_epoll_wait(s, 0), -ENOTSUP);
    EXPECT(fdslots_epoll_pwait(s, NULL, NULL), -ENOTSUP);
    int p[2];
    make_pipe(p, true);
    EXPECT(fdslots_set_index(s, 0, p[0], POLLIN), 0);
    EXPECT(fdslots_poll(s, 4, -1), 1);
    EXPECT(fdslots_ppoll(s, 4, NULL, NULL), 1);
    close_pipe(p);
    EXPECT_QUIET(fdslots_destroy(s));
}
END_TEST

/* The old content of the memory must have no effect. */
START_TEST(ignores_what_memory_held)
{
    uint64_t seed = (uint64_t)_i;
    unsigned char *mem = malloc(fdslots_size(300));
    for (size_t b = 0; b < fdslots_size(300); b++)
        mem[b] = _i == 0 ? 0xff : (unsigned char)next_random(&seed);
    struct fdslots *s = init_in(mem, fdslots_size(300), 300);
    EXPECT(fdslots_set_index(s, 299, 0, 0), 0); /* brings all lower slots into use */
    EXPECT(fdslots_next_used(s, 0), 299);
    for (uint32_t i = 0; i < 299; i++) {
        EXPECT(fdslots_get_fd(s, i), -ENOENT);
        EXPECT(fdslots_get_events(s, i), 0);
        EXPECT(fdslots_get_revents(s, i), 0);
        EXPECT(fdslots_get_generation(s, i), 0);
        ck_assert_int_lt(fdslots_view(s)[i].fd, 0);
    }
    int file = regular_file();
    EXPECT(fdslots_set_index(s, 299, file, POLLIN), 0);
    for (int i = 0; i < entry_count(); i++) {
        EXPECT(entry_at(i)->wait(s, FDSLOTS_FOREVER, NULL), 1);
        EXPECT(fdslots_get_revents(s, 299), POLLIN);
    }
    EXPECT(fdslots_close_index(s, 299), 0);
    use(s);
    free(mem);
}
END_TEST

/* Two buffers use the same memory, one after the other. Nothing of the first is left. */
START_TEST(memory_can_be_used_again)
{
    static uint64_t mem[1000];
    struct fdslots *s = init_in(mem, sizeof mem, 50);
    for (uint32_t i = 0; i < 50; i++)
        EXPECT(fdslots_set_index(s, i, 0, POLLIN | FDSLOTS_ONESHOT), 0);
    fdslots_destroy(s);
    use(init_in(mem, sizeof mem, 50));
}
END_TEST

/* The buffer lies at one end of the middle one of three mappings: [none][rw][none]. One byte beside
 * it would raise SIGSEGV. */
static void use_beside_a_wall(uint32_t nslots, bool at_end)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t size = fdslots_size(nslots);
    size_t room = (size + page - 1) / page * page;
    unsigned char *map = mmap(NULL, room + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(map, MAP_FAILED);
    unsigned char *middle = map + page;
    ck_assert_int_eq(mprotect(middle, room, PROT_READ | PROT_WRITE), 0);
    size_t start = at_end ? (room - size) / sizeof(uint64_t) * sizeof(uint64_t) : 0;
    use(init_in(middle + start, size, nslots));
    munmap(map, room + 2 * page);
}

START_TEST(stays_inside_its_memory)
{
    const uint32_t sizes[] = {1, 2, 3, 63, 64, 65, 500, 4095, 4096, 4097};
    use_beside_a_wall(sizes[_i / 2], _i % 2 == 1);
}
END_TEST

/* ---- resident memory ---- */

#define MANY 10000000

static size_t resident(void *from, size_t size)
{
    static unsigned char pages[1 << 18];
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uintptr_t start = (uintptr_t)from / page * page;
    uintptr_t end = ((uintptr_t)from + size + page - 1) / page * page;
    ck_assert_uint_le((end - start) / page, sizeof pages);
    ck_assert_int_eq(mincore((unsigned char *)from - ((uintptr_t)from - start), end - start, pages),
                     0);
    size_t bytes = 0;
    for (size_t p = 0; p < (end - start) / page; p++)
        bytes += (pages[p] & 1) != 0 ? page : 0;
    return bytes;
}

/* Return how many bytes may be resident: a page at each end of every array that is written to, and
 * what the program itself may need. */
static size_t most_resident(void)
{
    const size_t pages = 32 * (size_t)sysconf(_SC_PAGESIZE);
    return pages > 1 << 20 ? pages : 1 << 20;
}

static void use_lowest_ten(struct fdslots *s)
{
    int p[2];
    make_pipe(p, true);
    for (uint32_t i = 0; i < 10; i++)
        EXPECT(fdslots_set_index(s, i, p[0], POLLIN), 0);
    for (int i = 0; i < entry_count(); i++)
        EXPECT(entry_at(i)->wait(s, 0, NULL), 10);
    EXPECT(fdslots_next_used(s, 10), -ENOENT);
    EXPECT(fdslots_get_revents(s, MANY - 1), 0);
    EXPECT(fdslots_invalidate_index(s, MANY - 1), 0);
    EXPECT(fdslots_set_index(s, MANY - 1, -1, POLLIN), 0);
    EXPECT(fdslots_set_events(s, MANY - 1, POLLIN), -ENOENT);
    close_pipe(p);
}

START_TEST(unused_slots_cost_no_memory_in_a_mapping)
{
    size_t size = fdslots_size(MANY);
    void *mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(mem, MAP_FAILED);
    madvise(mem, size, MADV_NOHUGEPAGE); /* as the manual advises for the caller's memory */
    struct fdslots *s = NULL;
    EXPECT(fdslots_init(mem, size, MANY, 0, &s), 0);
    use_lowest_ten(s);
    ck_assert_uint_lt(resident(mem, size), most_resident());
    fdslots_destroy(s);
    munmap(mem, size);
}
END_TEST

START_TEST(unused_slots_cost_no_memory_after_create)
{
    if (UNDER_ASAN || under_valgrind())
        return; /* sanitizers and valgrind write beside or into the memory that they allocate */
    long before = resident_memory();
    ck_assert_int_gt(before, 0);
    struct fdslots *s = make_slots(MANY);
    use_lowest_ten(s);
    ck_assert_int_lt(resident_memory() - before, (long)most_resident());
    fdslots_destroy(s);
}
END_TEST

/* ---- refusals ---- */

static uint64_t refused_mem[100];
#define REFUSED_SIZE fdslots_size(8)

static const struct {
    const char *what;
    size_t offset;    /* distance of mem from aligned memory, in bytes */
    size_t too_small; /* number of bytes that mem lacks */
    uint32_t nslots;
    uint32_t flags;
} refused[] = {
    {"one byte too small", 0, 1, 8, 0},
    {"much too small", 0, 100, 8, 0},
    {"misaligned by 1", 1, 0, 8, 0},
    {"misaligned by 4", 4, 0, 8, 0},
    {"no slots", 0, 0, 0, 0},
    {"more slots than can be", 0, 0, (uint32_t)INT_MAX + 1, 0},
    {"most slots", 0, 0, UINT32_MAX, 0},
    {"unknown flag", 0, 0, 8, 0x4},
    {"unknown flag beside a known one", 0, 0, 8, FDSLOTS_CHECK | 0x80000000u},
};

START_TEST(init_refuses)
{
    static struct fdslots *const untouched = (struct fdslots *)refused_mem;
    struct fdslots *out = untouched;
    memset(refused_mem, 0x5a, sizeof refused_mem);
    unsigned char *mem = (unsigned char *)refused_mem + refused[_i].offset;
    size_t size = REFUSED_SIZE - refused[_i].too_small;
    EXPECT(fdslots_init(mem, size, refused[_i].nslots, refused[_i].flags, &out), -EINVAL);
    ck_assert_ptr_eq(out, untouched);
    const unsigned char *bytes = (const unsigned char *)refused_mem;
    for (size_t b = 0; b < sizeof refused_mem; b++)
        ck_assert_uint_eq(bytes[b], 0x5a);
}
END_TEST

START_TEST(create_refuses)
{
    static struct fdslots *const untouched = (struct fdslots *)refused_mem;
    struct fdslots *out = untouched;
    EXPECT(fdslots_create(0, 0, &out), -EINVAL);
    EXPECT(fdslots_create((uint32_t)INT_MAX + 1, 0, &out), -EINVAL);
    EXPECT(fdslots_create(UINT32_MAX, 0, &out), -EINVAL);
    EXPECT(fdslots_create(8, 0x4, &out), -EINVAL);
    EXPECT(fdslots_create(8, ~FDSLOTS_NO_EPOLL, &out), -EINVAL);
    ck_assert_ptr_eq(out, untouched);
}
END_TEST

START_TEST(null_is_refused)
{
    struct fdslots *out = NULL;
    EXPECT(fdslots_init(NULL, SIZE_MAX, 8, 0, &out), -EINVAL);
    EXPECT(fdslots_init(refused_mem, sizeof refused_mem, 8, 0, NULL), -EINVAL);
    EXPECT(fdslots_create(8, 0, NULL), -EINVAL);
    ck_assert_ptr_null(out);
    EXPECT_QUIET(fdslots_destroy(NULL));
    EXPECT(fdslots_capacity(NULL), 0);
}
END_TEST

START_TEST(create_says_when_memory_is_short)
{
    if (UNDER_ASAN || under_valgrind())
        return; /* sanitizers and valgrind need the address space themselves */
    struct rlimit before;
    struct fdslots *out = NULL;
    ck_assert_int_eq(getrlimit(RLIMIT_AS, &before), 0);
    const struct rlimit small = {(rlim_t)1 << 29, before.rlim_max};
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &small), 0);
    errno = ERRNO_BEFORE;
    /* More than RLIMIT_AS allows, but the size still fits in 32 bits. */
    int rc = fdslots_create(30000000, 0, &out);
    int errno_after = errno;
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &before), 0);
    ck_assert_int_eq(rc, -ENOMEM);
    ck_assert_int_eq(errno_after, ERRNO_BEFORE);
    ck_assert_ptr_null(out);
}
END_TEST

Suite *suite_memory(void)
{
    Suite *suite = suite_create("memory");
    TCase *tcase = add_case(suite, "places");
    tcase_add_test(tcase, size_is_monotonic_and_bounded);
    tcase_add_test(tcase, slots_above_are_never_written);
    tcase_add_test(tcase, lives_in_static_memory);
    tcase_add_test(tcase, lives_on_the_stack);
    tcase_add_test(tcase, lives_in_mapped_memory);
    tcase_add_test(tcase, lives_in_memory_of_its_own);
    tcase_add_test(tcase, no_epoll_is_a_flag);
    tcase_add_loop_test(tcase, ignores_what_memory_held, 0, 3);
    tcase_add_test(tcase, memory_can_be_used_again);
    tcase_add_loop_test(tcase, stays_inside_its_memory, 0, 20);
    tcase = add_case(suite, "resident");
    tcase_add_test(tcase, unused_slots_cost_no_memory_in_a_mapping);
    tcase_add_test(tcase, unused_slots_cost_no_memory_after_create);
    tcase = add_case(suite, "refusals");
    tcase_add_loop_test(tcase, init_refuses, 0, LENGTH(refused));
    tcase_add_test(tcase, create_refuses);
    tcase_add_test(tcase, null_is_refused);
    tcase_add_test(tcase, create_says_when_memory_is_short);
    return suite;
}
