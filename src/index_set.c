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

/* The lowest index below the set bit `index` of level l. */
static uint32_t descend(const struct index_sets *sets, enum index_set set, uint32_t l,
                        uint32_t index)
{
    while (l-- > 0)
        index = index << 6 |
                (uint32_t)__builtin_ctzll(sets->level[l][(size_t)index * INDEX_SETS + set]);
    return index;
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
    uint32_t bits = sets->size; /* how many bits of this level hold values */
    for (uint32_t l = 1; l < sets->levels; l++) {
        from = (from >> 6) + 1;
        bits = words(bits);
        if (from >= bits)
            break;
        uint64_t rest = *fdslots_index_set_word(sets, set, l, from) & ~UINT64_C(0) << (from & 63);
        if (rest != 0)
            return descend(sets, set, l, (from & ~63u) | (uint32_t)__builtin_ctzll(rest));
    }
    return INDEX_NONE;
}

void fdslots_index_set_move(struct index_sets *sets, enum index_set from, enum index_set to,
                            uint32_t *moved, uint32_t *added)
{
    uint32_t index = 0;
    while ((index = fdslots_index_set_next(sets, from, index)) != INDEX_NONE) {
        uint64_t *source = fdslots_index_set_word(sets, from, 0, index);
        uint64_t *target = fdslots_index_set_word(sets, to, 0, index);
        uint64_t fresh = *source & ~*target;
        uint32_t count = (uint32_t)__builtin_popcountll(*source);
        *moved += count;
        if (fresh != 0)
            *added += fresh == *source ? count : (uint32_t)__builtin_popcountll(fresh);
        fdslots_index_set_add(sets, to, index); /* lets the levels above know of the word */
        *target |= fresh;
        *source = 0;
        fdslots_index_set_remove_above(sets, from, index >> 6);
        index = (index | 63) + 1;
    }
}
