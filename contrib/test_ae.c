/* SPDX-License-Identifier: ISC
 *
 * The back end for ae does what ae asks of a back end. doc/testing.md names the tests of redis
 * itself.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

/* The part of ae.h that a back end uses. */
enum { AE_NONE, AE_READABLE, AE_WRITABLE, SETSIZE = 64 };
typedef struct aeEventLoop {
    int setsize;
    struct {
        int mask;
    } events[SETSIZE];
    struct {
        int fd, mask;
    } fired[SETSIZE];
    void *apidata;
} aeEventLoop;
#define panic(...) (fprintf(stderr, __VA_ARGS__), abort())

#include "contrib/ae_fdslots.c"

static aeEventLoop loop = {.setsize = SETSIZE};
static int ends[2];

#define EXPECT(call, want) expect((call), (want), #call, __LINE__)
static void expect(int got, int want, const char *call, int line)
{
    if (got == want)
        return;
    printf("line %d: %s returned %d, not %d\n", line, call, got, want);
    exit(EXIT_FAILURE);
}

/* ae tells the back end before it changes the mask. */
static void add(int fd, int mask)
{
    EXPECT(aeApiAddEvent(&loop, fd, mask), 0);
    loop.events[fd].mask |= mask;
}

static void delete (int fd, int mask)
{
    aeApiDelEvent(&loop, fd, mask);
    loop.events[fd].mask &= ~mask;
}

static int fired(int fd)
{
    struct timeval none = {0, 0};
    int mask = AE_NONE;
    for (int i = aeApiPoll(&loop, &none) - 1; i >= 0; i--)
        if (loop.fired[i].fd == fd)
            mask = loop.fired[i].mask;
    return mask;
}

static void add_and_delete(void)
{
    add(ends[0], AE_READABLE);
    add(ends[1], AE_READABLE);
    EXPECT(fired(ends[0]), AE_NONE);
    add(ends[1], AE_WRITABLE);
    EXPECT(fired(ends[1]), AE_WRITABLE);
    EXPECT((int)write(ends[1], "x", 1), 1);
    EXPECT(fired(ends[0]), AE_READABLE);
    delete (ends[1], AE_WRITABLE);
    EXPECT(fired(ends[1]), AE_NONE);
    EXPECT(aeApiPoll(&loop, NULL), 1);
}

static void resize(void)
{
    EXPECT(aeApiResize(&loop, 1), -1); /* slots above are in use */
    EXPECT(aeApiResize(&loop, 2 * SETSIZE), 0);
    EXPECT(fired(ends[0]), AE_READABLE);
}

static void hang_up(void)
{
    delete (ends[1], AE_READABLE);
    close(ends[1]);
    EXPECT(fired(ends[0]), AE_READABLE | AE_WRITABLE);
    delete (ends[0], AE_READABLE);
    EXPECT(fired(ends[0]), AE_NONE);
}

int main(void)
{
    EXPECT(aeApiCreate(&loop), 0);
    EXPECT(strcmp(aeApiName(), "fdslots"), 0);
    EXPECT(pipe(ends), 0);
    add_and_delete();
    resize();
    hang_up();
    aeApiFree(&loop);
    return EXIT_SUCCESS;
}
