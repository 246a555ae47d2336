/* SPDX-License-Identifier: ISC
 *
 * The woven index sets against plain arrays of bools, over long random sequences.
 */
#include "common.h"
#include "index_set.h"

#include <stdlib.h>
#include <string.h>

static const uint32_t capacities[] = {1, 2, 63, 64, 65, 127, 128, 4095, 4096, 4097, 300000};

#define ONE               SET_CHANGED /* a set with neighbours on both sides */
#define FOR_EACH_SET(set) for (enum index_set set = 0; set < INDEX_SETS; set++)

struct model {
    struct index_sets sets;
    void *mem;
    bool *has[INDEX_SETS];
    uint32_t capacity;
    uint64_t seed;
};

/* In memory full of ones: nothing may be taken for a member. */
static void make(struct model *m, uint32_t capacity)
{
    struct layout at = {NULL, 0};
    fdslots_index_sets_lay_out(&m->sets, &at, capacity);
    m->mem = malloc((size_t)at.end);
    memset(m->mem, 0xff, (size_t)at.end);
    at = (struct layout){m->mem, 0};
    fdslots_index_sets_lay_out(&m->sets, &at, capacity);
    m->capacity = capacity;
    m->seed = capacity;
    FOR_EACH_SET(set)
    {
        m->has[set] = calloc(capacity, sizeof *m->has[set]);
        ck_assert_uint_eq(fdslots_index_set_next(&m->sets, set, 0), INDEX_NONE);
        ck_assert_uint_eq(fdslots_index_set_last(&m->sets, set), INDEX_NONE);
    }
}

static void drop(struct model *m)
{
    free(m->mem);
    FOR_EACH_SET(set)
    free(m->has[set]);
}

/* As a slot is used: the set is extended the first time it reaches so far. */
static void add(struct model *m, enum index_set set, uint32_t index)
{
    if (index >= m->sets.size)
        fdslots_index_sets_extend(&m->sets, index + 1);
    fdslots_index_set_add(&m->sets, set, index);
    m->has[set][index] = true;
}

static void drop_member(struct model *m, enum index_set set, uint32_t index)
{
    if (index < m->sets.size)
        fdslots_index_set_remove(&m->sets, set, index);
    m->has[set][index] = false;
}

static uint32_t model_next(const struct model *m, enum index_set set, uint32_t from)
{
    for (; from < m->capacity; from++)
        if (m->has[set][from])
            return from;
    return INDEX_NONE;
}

static uint32_t model_last(const struct model *m, enum index_set set)
{
    for (uint32_t i = m->capacity; i-- > 0;)
        if (m->has[set][i])
            return i;
    return INDEX_NONE;
}

static void compare_at(const struct model *m, enum index_set set, uint32_t from)
{
    ck_assert_uint_eq(fdslots_index_set_next(&m->sets, set, from), model_next(m, set, from));
    if (from < m->sets.size)
        ck_assert_int_eq(fdslots_index_set_has(&m->sets, set, from), m->has[set][from]);
}

static void compare(const struct model *m)
{
    FOR_EACH_SET(set)
    {
        ck_assert_uint_eq(fdslots_index_set_last(&m->sets, set), model_last(m, set));
        compare_at(m, set, 0);
        compare_at(m, set, m->sets.size);
        compare_at(m, set, m->capacity);
        compare_at(m, set, UINT32_MAX - 1);
    }
}

static uint32_t below(struct model *m, uint32_t bound)
{
    return next_random(&m->seed) % bound;
}

/* Sparse at times, dense at times; it reaches upwards little by little. */
START_TEST(agrees_with_bools)
{
    struct model m;
    make(&m, capacities[_i]);
    int steps = m.capacity > 100000 ? 500 : 20000;
    for (int step = 0; step < steps; step++) {
        uint32_t reach =
            1 + (uint32_t)((uint64_t)(m.capacity - 1) * (uint64_t)step / (uint64_t)steps);
        uint32_t index = below(&m, reach);
        enum index_set set = below(&m, INDEX_SETS);
        if (below(&m, 4) < (step / 256 % 2 == 0 ? 3u : 1u))
            add(&m, set, index);
        else
            drop_member(&m, set, index);
        compare_at(&m, set, below(&m, m.capacity));
        if (step % 16 == 0)
            compare(&m);
    }
    compare(&m);
    drop(&m);
}
END_TEST

START_TEST(each_alone)
{
    struct model m;
    make(&m, capacities[_i]);
    uint32_t stride = m.capacity > 5000 ? 997 : 1;
    for (uint32_t i = 0; i < m.capacity; i += stride) {
        add(&m, ONE, i);
        ck_assert_uint_eq(fdslots_index_set_next(&m.sets, ONE, 0), i);
        ck_assert_uint_eq(fdslots_index_set_next(&m.sets, ONE, i), i);
        ck_assert_uint_eq(fdslots_index_set_next(&m.sets, ONE, i + 1), INDEX_NONE);
        ck_assert_uint_eq(fdslots_index_set_last(&m.sets, ONE), i);
        drop_member(&m, ONE, i);
        ck_assert_uint_eq(fdslots_index_set_next(&m.sets, ONE, 0), INDEX_NONE);
        ck_assert_uint_eq(fdslots_index_set_last(&m.sets, ONE), INDEX_NONE);
    }
    drop(&m);
}
END_TEST

START_TEST(full_and_empty)
{
    struct model m;
    make(&m, capacities[_i]);
    for (uint32_t i = 0; i < m.capacity; i++)
        add(&m, ONE, i);
    uint32_t seen = 0;
    for (uint32_t i = fdslots_index_set_next(&m.sets, ONE, 0); i != INDEX_NONE;
         i = fdslots_index_set_next(&m.sets, ONE, i + 1))
        ck_assert_uint_eq(i, seen++);
    ck_assert_uint_eq(seen, m.capacity);
    for (uint32_t i = m.capacity; i-- > 0;) {
        ck_assert_uint_eq(fdslots_index_set_last(&m.sets, ONE), i);
        drop_member(&m, ONE, i);
    }
    ck_assert_uint_eq(fdslots_index_set_last(&m.sets, ONE), INDEX_NONE);
    drop(&m);
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
