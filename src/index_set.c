/* SPDX-License-Identifier: ISC */
#include "index_set.h"

/* How many words a level needs for n bits. */
static uint32_t words(uint32_t n)
{
    return n / 64 + (n % 64 != 0);
}

void fdslots_index_sets_lay_out(struct index_sets *sets, struct layout *at, uint32_t capacity)
{
    *sets = (struct index_sets){.levels = 0};
    for (uint32_t n = words(capacity); n > 1; n = words(n))
        sets->level[sets->levels++] = fdslots_layout_take(at, n, INDEX_SETS * sizeof(uint64_t));
    sets->level[sets->levels++] = sets->root;
}

void fdslots_index_sets_extend(struct index_sets *sets, uint32_t size)
{
    uint32_t from = sets->size;
    uint32_t to = size;
    for (uint32_t l = 0; l < sets->levels; l++) {
        from = words(from);
        to = words(to);
        for (size_t w = (size_t)from * INDEX_SETS; w < (size_t)to * INDEX_SETS; w++)
            sets->level[l][w] = 0;
    }
    sets->size = size;
}

void fdslots_index_set_add_above(struct index_sets *sets, enum index_set set, uint32_t word)
{
    uint64_t before = 0;
    for (uint32_t l = 1; l < sets->levels && before == 0; l++, word >>= 6) {
        uint64_t *above = fdslots_index_set_word(sets, set, l, word);
        before = *above;
        *above = before | UINT64_C(1) << (word & 63);
    }
}

void fdslots_index_set_remove_above(struct index_sets *sets, enum index_set set, uint32_t word)
{
    uint64_t left = 0;
    for (uint32_t l = 1; l < sets->levels && left == 0; l++, word >>= 6) {
        uint64_t *above = fdslots_index_set_word(sets, set, l, word);
        left = *above & ~(UINT64_C(1) << (word & 63));
        *above = left;
    }
}

uint32_t fdslots_index_set_next_word(const struct index_sets *sets, enum index_set set,
                                     uint32_t from)
{
    from = (from >> 6) + 1;
    for (uint32_t l = 1; l < sets->levels; l++, from = (from + 63) >> 6) {
        if ((from & 63) == 0)
            continue; /* the levels above know; and this word may hold no values */
        uint64_t rest = *fdslots_index_set_word(sets, set, l, from) & ~UINT64_C(0) << (from & 63);
        if (rest != 0)
            return fdslots_index_set_descend(sets, set, l,
                                             (from & ~63u) | (uint32_t)__builtin_ctzll(rest));
    }
    return INDEX_NONE;
}

/* Mostly few: without an instruction for it, counting takes a call. */
static uint32_t ones(uint64_t word)
{
    if ((word & (word - 1)) == 0)
        return word != 0;
    return (uint32_t)__builtin_popcountll(word);
}

bool fdslots_index_set_within(const struct index_sets *sets, enum index_set set,
                              enum index_set other)
{
    FOR_EACH_IN(sets, set, i)
    {
        const uint64_t *words = fdslots_index_set_word(sets, 0, 0, i);
        if ((words[set] & ~words[other]) != 0)
            return false;
        i |= 63;
    }
    return true;
}

uint32_t fdslots_index_set_count(const struct index_sets *sets, enum index_set set,
                                 enum index_set other, uint32_t *shared)
{
    uint32_t count = 0;
    *shared = 0;
    FOR_EACH_IN(sets, set, i)
    {
        uint64_t word = *fdslots_index_set_word(sets, set, 0, i);
        count += ones(word);
        *shared += ones(word & *fdslots_index_set_word(sets, other, 0, i));
        i |= 63;
    }
    return count;
}

void fdslots_index_set_move(struct index_sets *sets, enum index_set from, enum index_set to)
{
    FOR_EACH_IN(sets, from, i)
    {
        uint64_t *source = fdslots_index_set_word(sets, from, 0, i);
        uint64_t *target = fdslots_index_set_word(sets, to, 0, i);
        uint64_t before = *target;
        *target |= *source;
        *source = 0;
        if (before == 0)
            fdslots_index_set_add_above(sets, to, i >> 6);
        fdslots_index_set_remove_above(sets, from, i >> 6);
        i |= 63;
    }
}
