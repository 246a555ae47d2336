/* SPDX-License-Identifier: ISC
 *
 * The fuzz target. The input is a program of the model, with four bytes for each operation.
 */
#include "model.h"
#include "objects.h"

#include <stdbool.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void finish(void)
{
    objects_remove_directory();
    model_print_counts(stderr);
}

/* Only whole operations are used. They need no alignment. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool begun;
    if (!begun)
        begun = atexit(finish) == 0;
    const struct op *program = (const struct op *)data;
    long failed = model_run(program, size / sizeof *program, stderr);
    if (failed < 0)
        return 0;
    model_print(stderr, program, (size_t)failed + 1);
    abort();
}
