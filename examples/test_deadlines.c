/* SPDX-License-Identifier: ISC
 *
 * Compares the first deadline of the heap with that of a search, over random steps.
 */
#include "deadlines.h"

#include <stdbool.h>
#include <stdio.h>

enum { NUMBERS = 50, STEPS = 200000 };

static struct deadline entries[NUMBERS];
static int64_t expected[NUMBERS]; /* INT64_MAX for none */

static uint32_t draw(void)
{
    static uint64_t state = 88172645463325252;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 32);
}

static int64_t search(void)
{
    int64_t first = INT64_MAX;
    for (int i = 0; i < NUMBERS; i++)
        first = expected[i] < first ? expected[i] : first;
    return first;
}

static void step(struct deadlines *d)
{
    uint32_t number = draw() % NUMBERS;
    /* Two of three steps set a deadline. With 1000 possible deadlines, some are equal. */
    if (draw() % 16 < draw() % 12) {
        deadlines_remove(d, number);
        expected[number] = INT64_MAX;
    } else {
        expected[number] = (int64_t)(draw() % 1000) - 500;
        deadlines_set(d, number, expected[number]);
    }
}

static bool agrees(const struct deadlines *d)
{
    uint32_t number = NUMBERS;
    int64_t first = deadlines_first(d, &number);
    if (first != search())
        return false;
    return first == INT64_MAX ? number == 0 : expected[number] == first;
}

static bool comes_in_order(struct deadlines *d)
{
    uint32_t number;
    int64_t before = INT64_MIN, first;
    while ((first = deadlines_first(d, &number)) != INT64_MAX) {
        if (first < before)
            return false;
        before = first;
        deadlines_remove(d, number);
    }
    return true;
}

int main(void)
{
    struct deadlines d = {.entries = entries};
    for (int i = 0; i < NUMBERS; i++)
        expected[i] = INT64_MAX;
    for (int i = 0; i < STEPS; i++) {
        step(&d);
        if (!agrees(&d)) {
            printf("FAIL: step %d\n", i);
            return 1;
        }
    }
    if (!comes_in_order(&d)) {
        printf("FAIL: out of order\n");
        return 1;
    }
    printf("%d steps agree with a search\n", STEPS);
    return 0;
}
