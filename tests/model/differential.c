/* SPDX-License-Identifier: ISC
 *
 * The differential test. It runs long random programs of the model, from fixed seeds and a fresh
 * one, or the programs in files, in the format of the fuzzer.
 *
 *     differential [--steps N] [--seed N] [FILE...]
 *
 * If a program fails, it is reduced to a short one and printed.
 */
#include "model.h"
#include "objects.h"

#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define PROGRAM      2000 /* operations in one program */
#define SHRINK_TRIES 3000
#define WATCHDOG     300 /* in seconds, for one program; most take 0.1 */

/* splitmix64: a small generator with the same results on every machine. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static void generate(struct op *program, uint64_t *random)
{
    for (size_t i = 0; i < PROGRAM; i++) {
        uint64_t r = next_random(random);
        program[i] =
            (struct op){(uint8_t)r, (uint8_t)(r >> 8), (uint8_t)(r >> 16), (uint8_t)(r >> 24)};
    }
}

/* Try a shorter or quieter program. If it still fails, it replaces the given program, up to the
 * operation that fails. */
static bool still_fails(struct op *program, size_t *length, const struct op *other, size_t count)
{
    alarm(WATCHDOG);
    long failed = model_run(other, count, NULL);
    if (failed < 0)
        return false;
    *length = (size_t)failed + 1;
    memcpy(program, other, *length * sizeof *program);
    return true;
}

/* Replace operations that the failure does not need with ones that do nothing, in smaller and
 * smaller pieces. All other operations keep their positions, and so do the waits that come after
 * every few of them. */
static size_t silence(struct op *program, size_t length)
{
    struct op other[PROGRAM];
    unsigned tries = 0;
    for (size_t piece = length / 2; piece > 0; piece /= 2) {
        for (size_t at = 0; at + piece <= length && tries < SHRINK_TRIES; at += piece, tries++) {
            memcpy(other, program, length * sizeof *program);
            for (size_t i = at; i < at + piece; i++)
                other[i].code = model_code_of_nothing();
            if (memcmp(other, program, length * sizeof *program) != 0)
                still_fails(program, &length, other, length);
        }
    }
    return length;
}

/* Leave out operations that the failure does not need, in smaller and smaller pieces, as long as
 * the program still fails. */
static size_t shrink(struct op *program, size_t length)
{
    struct op other[PROGRAM];
    size_t before = length;
    unsigned tries = 0;
    for (size_t piece = length / 2; piece > 0; piece = length < before ? piece : piece / 2) {
        before = length;
        for (size_t at = 0; at + piece <= length && tries < SHRINK_TRIES; tries++) {
            memcpy(other, program, at * sizeof *program);
            memcpy(other + at, program + at + piece, (length - at - piece) * sizeof *program);
            if (!still_fails(program, &length, other, length - piece))
                at += piece;
        }
    }
    return length;
}

/* Reduce the program and print it. */
static void explain(struct op *program, size_t length)
{
    if (model_run(program, length, NULL) < 0) {
        printf("the last %zu steps alone do not fail\n", length);
        return;
    }
    length = shrink(program, silence(program, length));
    printf("reduced to:\n");
    model_print(stdout, program, length);
    model_run(program, length, stdout);
}

/* The file or seed that is running, and the number of steps in the programs before. */
static char running[PATH_MAX];
static unsigned long steps_before;

static bool run_seed(uint64_t seed, unsigned long steps)
{
    struct op program[PROGRAM];
    uint64_t random = seed;
    snprintf(running, sizeof running, "seed %llu", (unsigned long long)seed);
    for (unsigned long done = 0; done < steps; done += PROGRAM) {
        steps_before = done;
        generate(program, &random);
        alarm(WATCHDOG);
        long failed = model_run(program, PROGRAM, stdout);
        if (failed < 0)
            continue;
        printf("seed %llu fails after %lu steps\n", (unsigned long long)seed,
               done + (unsigned long)failed + 1);
        fflush(stdout);
        explain(program, (size_t)failed + 1);
        return false;
    }
    return true;
}

static bool run_file(const char *path)
{
    struct op program[PROGRAM];
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        return false;
    }
    size_t length = fread(program, sizeof program[0], PROGRAM, file);
    fclose(file);
    snprintf(running, sizeof running, "%s", path);
    alarm(WATCHDOG);
    long failed = model_run(program, length, stdout);
    if (failed < 0)
        return true;
    printf("%s fails after %ld steps\n", path, failed + 1);
    explain(program, (size_t)failed + 1);
    return false;
}

/* A wait that misses its event may never return. The alarm then ends this program. */
static void hangs(int signal)
{
    (void)signal;
    dprintf(STDERR_FILENO, "differential: a wait does not return: %s, after %lu steps\n", running,
            steps_before + model_steps());
    _exit(1);
}

static unsigned long number(const char *text)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);
    if (*text == '\0' || *end != '\0') {
        fprintf(stderr, "differential: this is not a number: %s\n", text);
        exit(2);
    }
    return n;
}

static bool run_files(char **paths, int count)
{
    bool ok = true;
    for (int i = 0; ok && i < count; i++)
        ok = run_file(paths[i]);
    printf("%s: programs of %d files\n", ok ? "agrees" : "DIFFERS", count);
    return ok;
}

static bool run_seeds(const uint64_t *seeds, size_t count, unsigned long steps)
{
    bool ok = true;
    for (size_t i = 0; ok && i < count; i++)
        ok = run_seed(seeds[i], steps / count);
    printf("%s: %lu steps, seeds %llu to %llu\n", ok ? "agrees" : "DIFFERS", steps,
           (unsigned long long)seeds[0], (unsigned long long)seeds[count - 1]);
    return ok;
}

int main(int argc, char **argv)
{
    uint64_t seeds[4] = {1, 2, 3, 0};
    size_t count = 4;
    unsigned long steps = 100000;
    if (getrandom(&seeds[3], sizeof seeds[3] / 2, 0) < 0)
        return 1;
    int i = 1;
    for (; i + 1 < argc && argv[i][0] == '-'; i += 2) {
        if (strcmp(argv[i], "--steps") == 0) {
            steps = number(argv[i + 1]);
        } else if (strcmp(argv[i], "--seed") == 0) {
            seeds[0] = number(argv[i + 1]);
            count = 1;
        } else {
            break;
        }
    }
    if (i < argc && argv[i][0] == '-') {
        fprintf(stderr, "usage: differential [--steps N] [--seed N] [FILE...]\n");
        return 2;
    }
    signal(SIGALRM, hangs);
    bool ok = i < argc ? run_files(argv + i, argc - i) : run_seeds(seeds, count, steps);
    objects_remove_directory();
    model_print_counts(stdout);
    return ok ? 0 : 1;
}
