/* SPDX-License-Identifier: ISC
 *
 * Only the functions that make, resize or end a buffer may allocate or free memory. This program
 * replaces the allocators, which the C library then uses too, and records the calls.
 */
#include "env.h"
#include "exercise.h"

#include <errno.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ASan has allocators of its own, and replacing them would break it. */
#if UNDER_ASAN

int main(void)
{
    printf("skipped: AddressSanitizer has allocators of its own\n");
    return EXIT_SKIP;
}

#else

static const char *volatile last_call; /* the last allocator that was called since this was NULL */

void *mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset);
int munmap(void *addr, size_t length);
int brk(void *addr);
void *sbrk(intptr_t increment);
void *memalign(size_t align, size_t size);

/* Memory is taken from one static piece and never given back. */
static void *take(size_t size, size_t align)
{
    static alignas(max_align_t) unsigned char heap[1 << 20];
    static size_t used;
    size_t start = (used + align - 1) / align * align;
    if (size > sizeof heap - start) {
        errno = ENOMEM;
        return NULL;
    }
    used = start + size;
    return heap + start;
}

void *malloc(size_t size)
{
    last_call = "malloc";
    return take(size, alignof(max_align_t));
}

/* Static memory that is given out only once is still zero. */
void *calloc(size_t n, size_t size)
{
    last_call = "calloc";
    return take(n * size, alignof(max_align_t));
}

/* The old size is unknown. Reading beyond it is harmless, because all memory is one piece. */
void *realloc(void *old, size_t size)
{
    last_call = "realloc";
    unsigned char *new = take(size, alignof(max_align_t));
    if (old != NULL && new != NULL)
        memmove(new, old, size);
    return new;
}

void free(void *mem)
{
    last_call = mem != NULL ? "free" : last_call;
}

void *aligned_alloc(size_t align, size_t size)
{
    last_call = "aligned_alloc";
    return take(size, align);
}

void *memalign(size_t align, size_t size)
{
    last_call = "memalign";
    return take(size, align);
}

int posix_memalign(void **out, size_t align, size_t size)
{
    last_call = "posix_memalign";
    *out = take(size, align);
    return *out != NULL ? 0 : ENOMEM;
}

void *mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset)
{
    (void)addr, (void)length, (void)prot, (void)flags, (void)fd, (void)offset;
    last_call = "mmap";
    errno = ENOMEM;
    return (void *)-1;
}

int munmap(void *addr, size_t length)
{
    (void)addr, (void)length;
    last_call = "munmap";
    return 0;
}

int brk(void *addr)
{
    (void)addr;
    last_call = "brk";
    errno = ENOMEM;
    return -1;
}

void *sbrk(intptr_t increment)
{
    (void)increment;
    last_call = "sbrk";
    errno = ENOMEM;
    return (void *)-1;
}

static int check(const char *what, const char *expected)
{
    const char *call = last_call;
    last_call = NULL;
    if (call == expected || (call != NULL && expected != NULL && strcmp(call, expected) == 0))
        return 0;
    fprintf(stderr, "%s: %s was called, expected: %s\n", what, call ? call : "no allocator",
            expected ? expected : "none");
    return 1;
}

/* Return a stream that has already allocated everything it needs. */
static FILE *prepared_stream(void)
{
    static char buffer[1 << 16];
    FILE *stream = fopen("/dev/null", "w");
    setvbuf(stream, buffer, _IOFBF, sizeof buffer);
    fprintf(stream, "%-24s%8d%10u\n", "warm", 1, 2u);
    return stream;
}

static int check_buffer(struct fdslots *s, const char *name)
{
    int p[2];
    FILE *stream = prepared_stream();
    if (pipe(p) < 0 || write(p[1], "x", 1) != 1)
        abort();
    last_call = NULL;
    exercise(s, p[0], p[1], stream);
    int failed = check(name, NULL);
    close(p[0]);
    close(p[1]);
    return failed;
}

int main(void)
{
    static uint64_t mem[4096], moved[4096];
    static char out[BUFSIZ];
    struct fdslots *s;
    int failed = 0;

    if (under_valgrind()) {
        printf("skipped: valgrind has allocators of its own\n");
        return EXIT_SKIP;
    }
    alarm(WATCHDOG_S);
    setvbuf(stdout, out, _IOFBF, sizeof out);
    last_call = NULL;
    /* Volatile, so that the compiler does not replace the call. */
    char *(*volatile duplicate)(const char *) = strdup;
    if (duplicate("x") == NULL || check("strdup of the C library", "malloc") != 0)
        return EXIT_FAILURE; /* the replacement does not work, so the test would prove nothing */

    if (fdslots_size(100) > sizeof mem || fdslots_init(mem, sizeof mem, 100, 0, &s) < 0)
        return EXIT_FAILURE;
    failed |= check("init", NULL);
    failed |= check_buffer(s, "a buffer in the caller's memory");
    last_call = NULL;
    if (fdslots_move(s, moved, sizeof moved, 150, &s) < 0)
        return EXIT_FAILURE;
    failed |= check("move", NULL);
    failed |= check_buffer(s, "a buffer that was moved");
    last_call = NULL;
    fdslots_destroy(s);
    failed |= check("destroy after init", NULL);

    if (fdslots_create(100, 0, &s) < 0)
        return EXIT_FAILURE;
    failed |= check("create", "malloc");
    failed |= check_buffer(s, "a buffer of its own");
    last_call = NULL;
    if (fdslots_resize(&s, 150) < 0)
        return EXIT_FAILURE;
    failed |= check("resize", "free");
    failed |= check_buffer(s, "a buffer that has grown");
    last_call = NULL;
    fdslots_destroy(s);
    failed |= check("destroy after create", "free");
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
