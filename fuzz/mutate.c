/* SPDX-License-Identifier: ISC
 *
 * Mutates a program by whole operations, so that the operations after a change stay the same. Every
 * fourth mutation is one of libFuzzer's own, which changes bytes.
 */
#include "model.h"

#include <string.h>

#define MOST 8 /* largest number of operations in one mutation */

/* These are declared by libFuzzer. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

/* xorshift32 */
static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static void fill(struct op *program, size_t count, uint32_t *random)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t r = next_random(random);
        memcpy(&program[i], &r, sizeof r);
    }
}

static size_t insert(struct op *program, size_t length, size_t at, size_t count, uint32_t *random)
{
    memmove(program + at + count, program + at, (length - at) * sizeof *program);
    fill(program + at, count, random);
    return length + count;
}

static size_t erase(struct op *program, size_t length, size_t at, size_t count)
{
    memmove(program + at, program + at + count, (length - at - count) * sizeof *program);
    return length - count;
}

static size_t change(struct op *program, size_t length, size_t most, uint32_t *random)
{
    const size_t at = next_random(random) % (length + 1);
    const size_t count = 1 + next_random(random) % MOST;
    const size_t left = count < length - at ? count : length - at;
    switch (next_random(random) % 3) {
    case 0:
        return erase(program, length, at, left);
    case 1:
        fill(program + at, left, random);
        return length;
    default:
        return insert(program, length, at, count < most - length ? count : most - length, random);
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    uint32_t random = seed | 1;
    size_t length = 0; /* an empty program is not used */
    if (next_random(&random) % 4 != 0)
        length = change((struct op *)data, size / sizeof(struct op), max_size / sizeof(struct op),
                        &random);
    return length > 0 ? length * sizeof(struct op) : LLVMFuzzerMutate(data, size, max_size);
}
