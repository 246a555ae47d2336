/* SPDX-License-Identifier: ISC
 *
 * A set of slot indices: a bitmap under a tree of summary bitmaps, with 64 children for each word.
 * Finding the next or the last member of a set of size n costs O(log64 n), whatever gaps there are.
 *
 * Only the words that cover [0, size) hold values. Resizing the set clears the words that come
 * into play. So a large set of which only the low part is used costs no resident memory above that
 * part.
 */
#ifndef FDSLOTS_INDEX_SET_H
#define FDSLOTS_INDEX_SET_H

#include "layout.h"

#include <stdbool.h>
#include <stdint.h>

#define INDEX_SET_LEVELS 6          /* 64^6 is above 2^32 */
#define INDEX_NONE       UINT32_MAX /* above every index */

struct index_set {
    uint64_t *level[INDEX_SET_LEVELS]; /* level[0] has a bit for each index; the last is `root` */
    uint64_t root;                     /* 0 if the set is empty */
    uint32_t levels;
    uint32_t size;
};

/* Return how many words the lowest level has for n indices. */
static inline uint32_t fdslots_index_set_words(uint32_t n)
{
    return n / 64 + (n % 64 != 0);
}

/* Lay out a set that is new (all 0), or that is already laid out elsewhere with a size of no more
 * than `capacity`; its members are then copied. Afterwards the struct must stay where it is,
 * because it points to its own root. */
void fdslots_index_set_lay_out(struct index_set *set, struct layout *at, uint32_t capacity);

/* Have a set cover [0, size). Members from there up are removed. */
void fdslots_index_set_resize(struct index_set *set, uint32_t size);

/* Return how many members there are. */
uint32_t fdslots_index_set_count(const struct index_set *set);

/* Update the levels above a word that was empty, or that has become empty. */
void fdslots_index_set_add_above(struct index_set *set, uint32_t word);
void fdslots_index_set_remove_above(struct index_set *set, uint32_t word);

/* Return the lowest member in the words after that of `from`, or INDEX_NONE. */
uint32_t fdslots_index_set_next_word(const struct index_set *set, uint32_t from);

static inline bool fdslots_index_set_empty(const struct index_set *set)
{
    return set->root == 0;
}

/* Return the highest index below bit `index` of level l. */
static inline uint32_t fdslots_index_set_descend_last(const struct index_set *set, uint32_t l,
                                                      uint32_t index)
{
    while (l-- > 0)
        index = index << 6 | (63 - (uint32_t)__builtin_clzll(set->level[l][index]));
    return index;
}

/* Return the highest member, or INDEX_NONE. */
static inline uint32_t fdslots_index_set_last(const struct index_set *set)
{
    return fdslots_index_set_empty(set) ? INDEX_NONE
                                        : fdslots_index_set_descend_last(set, set->levels, 0);
}

/* Return the highest member below `end`, or INDEX_NONE. */
uint32_t fdslots_index_set_last_below(const struct index_set *set, uint32_t end);

/* Return the lowest member >= from, or INDEX_NONE. */
static inline uint32_t fdslots_index_set_next(const struct index_set *set, uint32_t from)
{
    if (from >= set->size || fdslots_index_set_empty(set))
        return INDEX_NONE;
    uint64_t rest = set->level[0][from >> 6] & ~UINT64_C(0) << (from & 63);
    if (rest != 0)
        return (from & ~63u) | (uint32_t)__builtin_ctzll(rest);
    return fdslots_index_set_next_word(set, from);
}

/* For each member below `end`, lowest first. The body may remove `i`, and add others. */
#define FOR_EACH_BELOW(set, i, end)                                                                \
    for (uint32_t i = fdslots_index_set_next(set, 0); i < (end);                                   \
         i = fdslots_index_set_next(set, i + 1))

#define FOR_EACH_IN(set, i) FOR_EACH_BELOW(set, i, INDEX_NONE)

static inline bool fdslots_index_set_has(const struct index_set *set, uint32_t index)
{
    return set->level[0][index >> 6] >> (index & 63) & 1;
}

static inline void fdslots_index_set_add(struct index_set *set, uint32_t index)
{
    uint64_t *word = &set->level[0][index >> 6];
    const uint64_t before = *word;
    *word = before | UINT64_C(1) << (index & 63);
    if (before == 0)
        fdslots_index_set_add_above(set, index >> 6);
}

static inline void fdslots_index_set_remove(struct index_set *set, uint32_t index)
{
    uint64_t *word = &set->level[0][index >> 6];
    *word &= ~(UINT64_C(1) << (index & 63));
    if (*word == 0)
        fdslots_index_set_remove_above(set, index >> 6);
}

#endif
