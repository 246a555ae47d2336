/* SPDX-License-Identifier: ISC
 *
 * The index sets against plain arrays of bools, over long random sequences.
 */
#include "common.h"
#include "core/index_set.h"

#include <stdlib.h>
#include <string.h>

static const uint32_t capacities[] = {1, 2, 63, 64, 65, 127, 128, 4095, 4096, 4097, 300000};

struct model {
    struct index_set set;
    void *mem;
    bool *has;
    uint32_t capacity;
    uint32_t count;
};

static struct model first;
static uint64_t seed;

/* The memory is filled with ones. No bit may be taken for a member before it is added. */
static void make(struct model *m, uint32_t capacity)
{
    struct layout at = {NULL, 0};
    m->set = (struct index_set){.size = 0};
    fdslots_index_set_lay_out(&m->set, &at, capacity);
    m->mem = malloc((size_t)at.end + 1);
    memset(m->mem, 0xff, (size_t)at.end);
    at = (struct layout){m->mem, 0};
    fdslots_index_set_lay_out(&m->set, &at, capacity);
    m->capacity = capacity;
    m->count = 0;
    m->has = calloc(capacity, sizeof *m->has);
    ck_assert_uint_eq(fdslots_index_set_next(&m->set, 0), INDEX_NONE);
    ck_assert_uint_eq(fdslots_index_set_last(&m->set), INDEX_NONE);
}

static void drop(struct model *m)
{
    free(m->mem);
    free(m->has);
}

/* Add an index as slots do: the set is extended the first time that it reaches so far. */
static void add(struct model *m, uint32_t index)
{
    if (index >= m->set.size)
        fdslots_index_set_resize(&m->set, index + 1);
    fdslots_index_set_add(&m->set, index);
    m->count += !m->has[index];
    m->has[index] = true;
}

static void drop_member(struct model *m, uint32_t index)
{
    if (index < m->set.size)
        fdslots_index_set_remove(&m->set, index);
    m->count -= m->has[index];
    m->has[index] = false;
}

static uint32_t model_next(const struct model *m, uint32_t from)
{
    for (; from < m->capacity; from++)
        if (m->has[from])
            return from;
    return INDEX_NONE;
}

static uint32_t model_last_below(const struct model *m, uint32_t end)
{
    for (uint32_t i = end < m->capacity ? end : m->capacity; i-- > 0;)
        if (m->has[i])
            return i;
    return INDEX_NONE;
}

static void compare_at(const struct model *m, uint32_t from)
{
    ck_assert_uint_eq(fdslots_index_set_last_below(&m->set, from), model_last_below(m, from));
    ck_assert_uint_eq(fdslots_index_set_next(&m->set, from), model_next(m, from));
    if (from < m->set.size)
        ck_assert_int_eq(fdslots_index_set_has(&m->set, from), m->has[from]);
}

static void compare(const struct model *m)
{
    ck_assert_uint_eq(fdslots_index_set_last(&m->set), model_last_below(m, INDEX_NONE));
    ck_assert_uint_eq(fdslots_index_set_next(&m->set, 0), model_next(m, 0));
    ck_assert_uint_eq(fdslots_index_set_count(&m->set), m->count);
    compare_at(m, 0);
    compare_at(m, m->set.size);
    compare_at(m, m->capacity);
    compare_at(m, UINT32_MAX - 1);
}

static uint32_t below(uint32_t bound)
{
    return next_random(&seed) % bound;
}

/* The set is sparse at times and dense at times, and it grows upwards step by step. */
static void change(struct model *m, int step, int steps)
{
    const uint32_t reach =
        1 + (uint32_t)((uint64_t)(m->capacity - 1) * (uint64_t)step / (uint64_t)steps);
    const uint32_t index = below(reach);
    if (below(4) < (step / 256 % 2 == 0 ? 3u : 1u))
        add(m, index);
    else
        drop_member(m, index);
    compare_at(m, below(m->capacity));
}

START_TEST(agrees_with_bools)
{
    struct model *m = &first;
    seed = capacities[_i];
    make(m, capacities[_i]);
    int steps = m->capacity > 100000 ? 500 : 20000;
    for (int step = 0; step < steps; step++) {
        change(m, step, steps);
        if (step % 16 == 0)
            compare(m);
    }
    compare(m);
    drop(m);
}
END_TEST

START_TEST(each_alone)
{
    struct model *m = &first;
    make(m, capacities[_i]);
    uint32_t stride = m->capacity > 5000 ? 997 : 1;
    for (uint32_t i = 0; i < m->capacity; i += stride) {
        add(m, i);
        ck_assert_uint_eq(fdslots_index_set_next(&m->set, 0), i);
        ck_assert_uint_eq(fdslots_index_set_next(&m->set, i), i);
        ck_assert_uint_eq(fdslots_index_set_next(&m->set, i + 1), INDEX_NONE);
        ck_assert_uint_eq(fdslots_index_set_last(&m->set), i);
        drop_member(m, i);
        ck_assert_uint_eq(fdslots_index_set_next(&m->set, 0), INDEX_NONE);
        ck_assert_uint_eq(fdslots_index_set_last(&m->set), INDEX_NONE);
    }
    drop(m);
}
END_TEST

START_TEST(full_and_empty)
{
    struct model *m = &first;
    make(m, capacities[_i]);
    for (uint32_t i = 0; i < m->capacity; i++)
        add(m, i);
    uint32_t seen = 0;
    FOR_EACH_IN(&m->set, i)
    {
        ck_assert_uint_eq(i, seen++);
    }
    ck_assert_uint_eq(seen, m->capacity);
    for (uint32_t i = m->capacity; i-- > 0;) {
        ck_assert_uint_eq(fdslots_index_set_last(&m->set), i);
        drop_member(m, i);
    }
    ck_assert_uint_eq(fdslots_index_set_last(&m->set), INDEX_NONE);
    drop(m);
}
END_TEST

Suite *suite_index_set(void)
{
    Suite *suite = suite_create("index set");
    TCase *tcase = add_case(suite, "index set");
    tcase_set_tags(tcase, "long");
    tcase_add_loop_test(tcase, agrees_with_bools, 0, LENGTH(capacities));
    tcase_add_loop_test(tcase, each_alone, 0, LENGTH(capacities));
    tcase_add_loop_test(tcase, full_and_empty, 0, LENGTH(capacities));
    return suite;
}
