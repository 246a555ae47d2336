/* SPDX-License-Identifier: ISC
 *
 * Sets of slot indices: each a bitmap under a tree of summary bitmaps, 64 children a word, so that
 * the next, the last and the emptiness of a set of n cost O(log64 n), whatever holes lie between.
 *
 * A buffer has a few sets, woven together word by word: what they know of one slot shares a cache
 * line, and its address is computed once.
 *
 * Only the words that cover [0, size) hold values; index_sets_extend() clears those that come into
 * play, so that large sets of which the low part is used cost no resident memory above it.
 */
#ifndef FDSLOTS_INDEX_SET_H
#define FDSLOTS_INDEX_SET_H

#include "layout.h"

#include <stdbool.h>
#include <stdint.h>

#define INDEX_SET_LEVELS 6 /* 64^6 is above 2^32 */
#define INDEX_NONE       UINT32_MAX

enum index_set {
    SET_USED,
    SET_FRESH,   /* slots changed since they were last looked through */
    SET_CHANGED, /* slots of which the kernel's set may hold something else */
    SET_REFUSED, /* slots that epoll cannot watch and that are ready at once */
    INDEX_SETS
};

struct index_sets {
    /* level[0] has a bit for each index, the last level is `root`. Word w of a set stands at
     * [w * INDEX_SETS + set] of its level. */
    uint64_t *level[INDEX_SET_LEVELS];
    uint64_t root[INDEX_SETS]; /* 0 where the set is empty */
    uint32_t levels;
    uint32_t size;
};

/* Empty sets, which must stay where they are: they point to their own roots. */
void fdslots_index_sets_lay_out(struct index_sets *sets, struct layout *at, uint32_t capacity);

void fdslots_index_sets_extend(struct index_sets *sets, uint32_t size);

/* Empty `from` into `to`. */
void fdslots_index_set_move(struct index_sets *sets, enum index_set from, enum index_set to);

/* Whether the other set has all of them. */
bool fdslots_index_set_within(const struct index_sets *sets, enum index_set set,
                              enum index_set other);

/* How many there are; *shared: how many of them are in the other set, too. */
uint32_t fdslots_index_set_count(const struct index_sets *sets, enum index_set set,
                                 enum index_set other, uint32_t *shared);

/* The word of level l that has a bit for this index of that level. */
static inline uint64_t *fdslots_index_set_word(const struct index_sets *sets, enum index_set set,
                                               uint32_t l, uint32_t index)
{
    return &sets->level[l][(size_t)(index >> 6) * INDEX_SETS + set];
}

static inline bool fdslots_index_set_empty(const struct index_sets *sets, enum index_set set)
{
    return sets->root[set] == 0;
}

/* The highest member, or INDEX_NONE. */
static inline uint32_t fdslots_index_set_last(const struct index_sets *sets, enum index_set set)
{
    uint32_t index = 0;
    if (fdslots_index_set_empty(sets, set))
        return INDEX_NONE;
    for (uint32_t l = sets->levels; l-- > 0;) {
        uint64_t word = sets->level[l][(size_t)index * INDEX_SETS + set];
        index = index << 6 | (63 - (uint32_t)__builtin_clzll(word));
    }
    return index;
}

/* The lowest index below bit `index` of level l. */
static inline uint32_t fdslots_index_set_descend(const struct index_sets *sets, enum index_set set,
                                                 uint32_t l, uint32_t index)
{
    while (l-- > 0) {
        uint64_t word = sets->level[l][(size_t)index * INDEX_SETS + set];
        index = index << 6 | (uint32_t)__builtin_ctzll(word);
    }
    return index;
}

/* The lowest member, or INDEX_NONE. */
static inline uint32_t fdslots_index_set_first(const struct index_sets *sets, enum index_set set)
{
    return fdslots_index_set_empty(sets, set)
               ? INDEX_NONE
               : fdslots_index_set_descend(sets, set, sets->levels, 0);
}

/* The lowest member >= from, or INDEX_NONE; looked for in other words than that of `from`. */
uint32_t fdslots_index_set_next_word(const struct index_sets *sets, enum index_set set,
                                     uint32_t from);

/* The lowest member >= from, or INDEX_NONE. */
static inline uint32_t fdslots_index_set_next(const struct index_sets *sets, enum index_set set,
                                              uint32_t from)
{
    if (from >= sets->size || fdslots_index_set_empty(sets, set))
        return INDEX_NONE;
    uint64_t rest = *fdslots_index_set_word(sets, set, 0, from) & ~UINT64_C(0) << (from & 63);
    if (rest != 0)
        return (from & ~63u) | (uint32_t)__builtin_ctzll(rest);
    return fdslots_index_set_next_word(sets, set, from);
}

/* The body may remove `i`, and add others. */
#define FOR_EACH_IN(sets, set, i)                                                                  \
    for (uint32_t i = fdslots_index_set_first(sets, set); i != INDEX_NONE;                         \
         i = fdslots_index_set_next(sets, set, i + 1))

static inline bool fdslots_index_set_has(const struct index_sets *sets, enum index_set set,
                                         uint32_t index)
{
    return *fdslots_index_set_word(sets, set, 0, index) >> (index & 63) & 1;
}

/* The levels above a word that was empty, or has become so. */
void fdslots_index_set_add_above(struct index_sets *sets, enum index_set set, uint32_t word);
void fdslots_index_set_remove_above(struct index_sets *sets, enum index_set set, uint32_t word);

static inline void fdslots_index_set_add(struct index_sets *sets, enum index_set set,
                                         uint32_t index)
{
    uint64_t *word = fdslots_index_set_word(sets, set, 0, index);
    uint64_t before = *word;
    *word = before | UINT64_C(1) << (index & 63);
    if (before == 0)
        fdslots_index_set_add_above(sets, set, index >> 6);
}

static inline void fdslots_index_set_remove(struct index_sets *sets, enum index_set set,
                                            uint32_t index)
{
    uint64_t *word = fdslots_index_set_word(sets, set, 0, index);
    *word &= ~(UINT64_C(1) << (index & 63));
    if (*word == 0)
        fdslots_index_set_remove_above(sets, set, index >> 6);
}

#endif
