/* SPDX-License-Identifier: ISC
 *
 * MADV_WIPEONFORK makes the kernel give the child a page of zeros, however the child was forked: by
 * fork(), _Fork() or a bare clone(2). If the kernel lacks it (Linux before 4.14, other systems),
 * pthread_atfork() takes its place. It notices only fork(), and it may allocate. An emulator
 * (qemu-user 7.2) may accept any advice, even one that does not exist, and follow none.
 */
#include "process.h"

#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#define MADV_NONE (-1)
#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK MADV_NONE /* madvise refuses it with EINVAL */
#endif

#define LARGEST_PAGE 65536u

/* Room for one whole page, wherever the linker puts the array, because nothing else of the program
 * may be wiped. Only the page that is used becomes resident. */
static unsigned char room[2 * LARGEST_PAGE];
static _Atomic uint32_t fallback_word;
_Atomic uint32_t *fdslots_process_word = &fallback_word;

static atomic_bool handler_set;
static _Atomic uint32_t last_process;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void forked(void)
{
    atomic_store(fdslots_process_word, 0);
}

static bool is_wiped_on_fork(void *start, size_t size)
{
    return madvise(start, size, MADV_NONE) != 0 && madvise(start, size, MADV_WIPEONFORK) == 0;
}

static void prepare(void)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    if (page <= LARGEST_PAGE) {
        uintptr_t offset = (page - (uintptr_t)room % page) % page;
        void *start = room + offset;
        if (is_wiped_on_fork(start, page))
            fdslots_process_word = start;
    }
}

/* Whether a fork will be noticed. Two threads may set the handler twice, which does no harm. */
static bool is_ready(void)
{
    pthread_once(&once, prepare);
    if (fdslots_process_word == &fallback_word && !atomic_load(&handler_set))
        atomic_store(&handler_set, pthread_atfork(NULL, NULL, forked) == 0);
    return fdslots_process_word != &fallback_word || atomic_load(&handler_set);
}

uint32_t fdslots_process_enter(void)
{
    int saved = errno;
    bool ready = is_ready();
    errno = saved;
    if (!ready)
        return 0;
    uint32_t process = atomic_load(fdslots_process_word);
    if (process != 0)
        return process;
    uint32_t fresh = atomic_fetch_add(&last_process, 1) + 1;
    return atomic_compare_exchange_strong(fdslots_process_word, &process, fresh) ? fresh : process;
}
