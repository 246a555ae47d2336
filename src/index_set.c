/* SPDX-License-Identifier: ISC */
#include "index_set.h"

/* How many words a level needs for n bits. */
static uint32_t words(uint32_t n)
{
    return n / 64 + (n % 64 != 0);
}

void fdslots_index_set_lay_out(struct index_set *set, struct layout *at, uint32_t capacity)
{
    set->levels = 0;
    set->size = 0;
    set->root = 0;
    uint32_t n;
    for (n = words(capacity); n > 1; n = words(n))
        set->level[set->levels++] = fdslots_layout_take(at, n, sizeof(uint64_t));
    set->level[set->levels++] = &set->root;
}

void fdslots_index_set_extend(struct index_set *set, uint32_t size)
{
    uint32_t from = set->size;
    uint32_t to = size;
    for (uint32_t l = 0; l < set->levels; l++) {
        from = words(from);
        to = words(to);
        for (uint32_t w = from; w < to; w++)
            set->level[l][w] = 0;
    }
    set->size = size;
}

/* The lowest index below the set bit `index` of level l. */
static uint32_t descend(const struct index_set *set, uint32_t l, uint32_t index)
{
    while (l-- > 0)
        index = index << 6 | (uint32_t)__builtin_ctzll(set->level[l][index]);
    return index;
}

void fdslots_index_set_add_above(struct index_set *set, uint32_t word)
{
    uint64_t before = 0;
    for (uint32_t l = 1; l < set->levels && before == 0; l++, word >>= 6) {
        before = set->level[l][word >> 6];
        set->level[l][word >> 6] = before | UINT64_C(1) << (word & 63);
    }
}

void fdslots_index_set_remove_above(struct index_set *set, uint32_t word)
{
    uint64_t left = 0;
    for (uint32_t l = 1; l < set->levels && left == 0; l++, word >>= 6) {
        left = set->level[l][word >> 6] & ~(UINT64_C(1) << (word & 63));
        set->level[l][word >> 6] = left;
    }
}

uint32_t fdslots_index_set_next_word(const struct index_set *set, uint32_t from)
{
    uint32_t bits = set->size; /* how many bits of this level hold values */
    for (uint32_t l = 1; l < set->levels; l++) {
        from = (from >> 6) + 1;
        bits = words(bits);
        if (from >= bits)
            break;
        uint32_t w = from >> 6;
        uint64_t rest = set->level[l][w] & ~UINT64_C(0) << (from & 63);
        if (rest != 0)
            return descend(set, l, w << 6 | (uint32_t)__builtin_ctzll(rest));
    }
    return INDEX_NONE;
}

void fdslots_index_set_move(struct index_set *from, struct index_set *to, uint32_t *moved,
                            uint32_t *added)
{
    uint32_t index = 0;
    while ((index = fdslots_index_set_next(from, index)) != INDEX_NONE) {
        uint32_t w = index >> 6;
        uint64_t word = from->level[0][w];
        uint64_t fresh = word & ~to->level[0][w];
        uint32_t count = (uint32_t)__builtin_popcountll(word);
        *moved += count;
        if (fresh != 0)
            *added += fresh == word ? count : (uint32_t)__builtin_popcountll(fresh);
        fdslots_index_set_add(to, index); /* lets the levels above know of the word */
        to->level[0][w] |= word;
        from->level[0][w] = UINT64_C(1) << (index & 63);
        fdslots_index_set_remove(from, index);
        index = (w + 1) << 6;
    }
}

uint32_t fdslots_index_set_last(const struct index_set *set)
{
    if (fdslots_index_set_empty(set))
        return INDEX_NONE;
    uint32_t l = set->levels;
    uint32_t index = 0;
    while (l-- > 0)
        index = index << 6 | (63 - (uint32_t)__builtin_clzll(set->level[l][index]));
    return index;
}
