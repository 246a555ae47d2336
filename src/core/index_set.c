/* SPDX-License-Identifier: ISC */
#include "index_set.h"

void fdslots_index_set_lay_out(struct index_set *set, struct layout *at, uint32_t capacity)
{
    const struct index_set old = *set;
    /* If the lowest level is the root, old.level[0] still leads to the root of the original. */
    const uint64_t *words = old.levels > 1 ? old.level[0] : &old.root;
    set->levels = 0;
    for (uint32_t n = fdslots_index_set_words(capacity); n > 1; n = fdslots_index_set_words(n))
        set->level[set->levels++] = fdslots_layout_take(at, n, sizeof(uint64_t));
    set->level[set->levels++] = &set->root;
    if (old.size == 0)
        return; /* a new set */
    set->root = set->size = 0;
    fdslots_index_set_resize(set, old.size);
    for (uint32_t w = 0; w < fdslots_index_set_words(old.size); w++) {
        set->level[0][w] = words[w];
        if (words[w] != 0)
            fdslots_index_set_add_above(set, w);
    }
}

void fdslots_index_set_resize(struct index_set *set, uint32_t size)
{
    for (uint32_t i = size; (i = fdslots_index_set_next(set, i)) != INDEX_NONE; i++)
        fdslots_index_set_remove(set, i);
    uint32_t from = set->size;
    uint32_t to = size;
    for (uint32_t l = 0; l < set->levels; l++) {
        from = fdslots_index_set_words(from);
        to = fdslots_index_set_words(to);
        for (uint32_t w = from; w < to; w++)
            set->level[l][w] = 0;
    }
    set->size = size;
}

void fdslots_index_set_add_above(struct index_set *set, uint32_t word)
{
    uint64_t before = 0;
    for (uint32_t l = 1; l < set->levels && before == 0; l++, word >>= 6) {
        uint64_t *above = &set->level[l][word >> 6];
        before = *above;
        *above = before | UINT64_C(1) << (word & 63);
    }
}

void fdslots_index_set_remove_above(struct index_set *set, uint32_t word)
{
    uint64_t left = 0;
    for (uint32_t l = 1; l < set->levels && left == 0; l++, word >>= 6) {
        uint64_t *above = &set->level[l][word >> 6];
        left = *above & ~(UINT64_C(1) << (word & 63));
        *above = left;
    }
}

/* Return the lowest index below bit `index` of level l. */
static uint32_t descend(const struct index_set *set, uint32_t l, uint32_t index)
{
    while (l-- > 0)
        index = index << 6 | (uint32_t)__builtin_ctzll(set->level[l][index]);
    return index;
}

uint32_t fdslots_index_set_next_word(const struct index_set *set, uint32_t from)
{
    from = (from >> 6) + 1;
    for (uint32_t l = 1; l < set->levels; l++, from = (from + 63) >> 6) {
        if ((from & 63) == 0)
            continue; /* the level above covers this word, which may hold no values */
        uint64_t rest = set->level[l][from >> 6] & ~UINT64_C(0) << (from & 63);
        if (rest != 0)
            return descend(set, l, (from & ~63u) | (uint32_t)__builtin_ctzll(rest));
    }
    return INDEX_NONE;
}

uint32_t fdslots_index_set_last_below(const struct index_set *set, uint32_t end)
{
    end = end < set->size ? end : set->size;
    for (uint32_t l = 0; l < set->levels && end > 0; l++) {
        const uint32_t last = end - 1;
        const uint64_t rest = set->level[l][last >> 6] & ~UINT64_C(0) >> (63 - (last & 63));
        if (rest != 0)
            return fdslots_index_set_descend_last(
                set, l, (last & ~63u) | (63 - (uint32_t)__builtin_clzll(rest)));
        end = last >> 6; /* the words below this one */
    }
    return INDEX_NONE;
}

/* Count the bits that are set. If the processor has no instruction for this, __builtin_popcountll()
 * may be a call to the compiler's library, which other linkers do not have. */
static uint32_t ones(uint64_t word)
{
    word -= word >> 1 & 0x5555555555555555;
    word = (word & 0x3333333333333333) + (word >> 2 & 0x3333333333333333);
    word = (word + (word >> 4)) & 0x0f0f0f0f0f0f0f0f;
    return (uint32_t)(word * 0x0101010101010101 >> 56);
}

uint32_t fdslots_index_set_count(const struct index_set *set)
{
    uint32_t count = 0;
    uint32_t i = fdslots_index_set_next(set, 0);
    for (; i != INDEX_NONE; i = fdslots_index_set_next_word(set, i))
        count += ones(set->level[0][i >> 6]);
    return count;
}
