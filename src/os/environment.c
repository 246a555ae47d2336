/* SPDX-License-Identifier: ISC */
#include "environment.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef HAVE_SECURE_GETENV
#ifndef HAVE_ISSETUGID
#define issetugid() (getuid() != geteuid() || getgid() != getegid())
#endif
#define secure_getenv(name) (issetugid() ? NULL : getenv(name))
#endif

enum answer { UNKNOWN, NO, YES };

bool fdslots_environment_checks(void)
{
    static atomic_int answer;
    if (atomic_load_explicit(&answer, memory_order_relaxed) == UNKNOWN) {
        const char *value = secure_getenv("FDSLOTS_CHECK");
        const bool asks = value != NULL && strcmp(value, "1") == 0;
        atomic_store(&answer, asks ? YES : NO);
    }
    return atomic_load_explicit(&answer, memory_order_relaxed) == YES;
}
