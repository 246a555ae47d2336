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

long resident_memory(void)
{
    char line[256];
    long kilobytes = 0;
    FILE *rollup = fopen("/proc/self/smaps_rollup", "r");
    while (rollup != NULL && fgets(line, sizeof line, rollup) != NULL)
        if (sscanf(line, "Rss: %ld kB", &kilobytes) == 1)
            break;
    if (rollup != NULL)
        fclose(rollup);
    return kilobytes << 10;
}
