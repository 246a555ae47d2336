/* SPDX-License-Identifier: ISC */
#include "env.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* valgrind preloads its own libraries into a program. */
bool under_valgrind(void)
{
    const char *preload = getenv("LD_PRELOAD");
    return preload != NULL && strstr(preload, "vgpreload") != NULL;
}

int skip_program(const char *reason)
{
    const char *ci = getenv("CI");
    bool in_ci = ci != NULL && strcmp(ci, "true") == 0;
    printf("%s: %s\n", in_ci ? "may not be skipped in CI" : "skipped", reason);
    return in_ci ? EXIT_FAILURE : EXIT_SKIP;
}
