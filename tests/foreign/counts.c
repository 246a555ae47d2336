/* SPDX-License-Identifier: ISC */
#include "counts.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

static _Atomic uint64_t nowhere[COUNTS];
static _Atomic uint64_t *counts = nowhere;

void counts_open(const char *path)
{
    int fd = path != NULL ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666) : -1;
    if (fd < 0)
        return;
    if (ftruncate(fd, sizeof nowhere) == 0) {
        void *mapped = mmap(NULL, sizeof nowhere, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        counts = mapped != MAP_FAILED ? mapped : nowhere;
    }
    close(fd);
}

void count(enum count what, uint64_t by)
{
    counts[what] += by;
}
