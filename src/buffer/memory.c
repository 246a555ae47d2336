/* SPDX-License-Identifier: ISC
 *
 * Where the parts of a buffer lie in its memory, and whether the caller or the library owns this
 * memory. This is the only file that may allocate.
 *
 * A buffer has one head, and arrays with an element for each slot. In the caller's memory the
 * arrays come right after the head. In memory of the library the head and the arrays are two
 * pieces. So a resize can make new arrays and leave the head where it is, because other threads may
 * be in fdslots_wake().
 */
#include "../core/ready.h"
#include "../kernel/kernel.h"
#include "../os/sys.h"
#include "../wait/choice.h"
#include "../waker/waker.h"

#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* ---- the layout ---- */

/* Place the head at `base`, or only measure it if `base` is NULL. Returns its size in bytes. What
 * the parts already have elsewhere is copied, here and in lay_out_arrays(). */
static size_t lay_out_head(struct fdslots *s, unsigned char *base)
{
    struct layout at = {base, 0};
    fdslots_layout_take(&at, 1, sizeof(struct fdslots));
    fdslots_waker_lay_out(s, &at);
    fdslots_choice_lay_out(s, &at);
    return (size_t)at.end;
}

static uint64_t lay_out_arrays(struct fdslots *s, unsigned char *base)
{
    struct layout at = {base, 0};
    const uint32_t nslots = s->capacity;
    s->ready = fdslots_layout_move(&at, s->ready, s->ready_count, nslots, sizeof *s->ready);
    s->pollfds = fdslots_layout_move(&at, s->pollfds, s->touched, nslots, sizeof *s->pollfds);
    s->slots = fdslots_layout_move(&at, s->slots, s->touched, nslots, sizeof *s->slots);
    s->held_revents =
        fdslots_layout_move(&at, s->held_revents, s->touched, nslots, sizeof *s->held_revents);
    s->fresh.of = fdslots_layout_move(&at, s->fresh.of, s->fresh.count, nslots, sizeof(uint32_t));
    s->noted.of = fdslots_layout_move(&at, s->noted.of, s->noted.count, nslots, sizeof(uint32_t));
    fdslots_index_set_lay_out(&s->used, &at, nslots);
    fdslots_index_set_lay_out(&s->roomy, &at, fdslots_index_set_words(nslots));
    fdslots_index_set_lay_out(&s->held, &at, nslots);
    fdslots_index_set_lay_out(&s->polled, &at, nslots);
    fdslots_kernel_lay_out(s, &at);
    return at.end;
}

/* Sizes in bytes. */
struct sizes {
    size_t head;
    size_t arrays; /* 0 if there cannot be so many slots */
};

static struct sizes measure(uint32_t nslots)
{
    struct fdslots measured = {.capacity = nslots};
    struct sizes sizes = {.head = lay_out_head(&measured, NULL)};
    if (nslots == 0 || nslots > INT_MAX) /* a wait returns their number as an int */
        return sizes;
    const uint64_t bytes = lay_out_arrays(&measured, NULL);
    sizes.arrays = bytes <= PTRDIFF_MAX - sizes.head ? (size_t)bytes : 0;
    return sizes;
}

size_t fdslots_size(uint32_t nslots)
{
    const struct sizes sizes = measure(nslots);
    return sizes.arrays > 0 ? sizes.head + sizes.arrays : 0;
}

/* ---- memory ---- */

struct place {
    unsigned char *head;
    unsigned char *arrays;
    bool is_owned; /* two pieces that the library has allocated */
};

static bool is_enough(const void *mem, size_t size, uint32_t nslots)
{
    const size_t needed = fdslots_size(nslots);
    return mem != NULL && (uintptr_t)mem % LAYOUT_ALIGN == 0 && needed > 0 && size >= needed;
}

static struct place place_in(void *mem)
{
    unsigned char *head = mem;
    return (struct place){.head = head, .arrays = head + measure(0).head};
}

/* clang assumes that malloc() and free() leave errno alone, and drops a plain assignment. */
static void restore_errno(int saved)
{
    atomic_signal_fence(memory_order_seq_cst);
    errno = saved;
}

#define HUGE_PAGE ((size_t)2 << 20)

/* Slots that were never used must cost no memory, even if the kernel uses huge pages everywhere.
 * This is not calloc(), which may write zeros: a large piece comes untouched from the kernel, and
 * must stay so. */
static void *allocate(size_t size)
{
    int saved = errno;
    void *mem = malloc(size);
    restore_errno(saved);
    if (mem != NULL && size >= HUGE_PAGE)
        sys_keep_pages_small(mem, size);
    return mem;
}

static void release(void *mem)
{
    int saved = errno;
    free(mem);
    restore_errno(saved);
}

/* Allocate a head and arrays. Returns 0 or -ENOMEM. */
static int allocate_place(struct sizes sizes, struct place *place)
{
    *place = (struct place){.head = allocate(sizes.head), .is_owned = true};
    if (place->head != NULL)
        place->arrays = allocate(sizes.arrays);
    if (place->arrays != NULL)
        return 0;
    release(place->head);
    return -ENOMEM;
}

/* Leave the place where a buffer was: end its iterations, and free the memory if it is the
 * library's. */
static void leave_place(struct fdslots *s)
{
    fdslots_iterations_end(s);
    if (!s->owns_memory)
        return;
    release(s->ready);
    release(s);
}

/* ---- making a buffer ---- */

/* Whether FDSLOTS_CHECK=1 in the environment asks for checks of every buffer. The environment
 * belongs to the user who starts the program. A program that has more rights than that user (by
 * set-user-ID, set-group-ID or file capabilities) ignores it. It is read once. */
static bool environment_checks(void)
{
    static atomic_int answer; /* 0 until it was read; then 1 for no, 2 for yes */
    if (atomic_load(&answer) == 0) {
        const char *value = secure_getenv("FDSLOTS_CHECK");
        atomic_store(&answer, value != NULL && strcmp(value, "1") == 0 ? 2 : 1);
    }
    return atomic_load(&answer) == 2;
}

/* Return 0 if these flags are possible, or an error. Adds the flags that the build and the
 * environment ask for. */
static int check_flags(uint32_t *flags)
{
    if ((*flags & ~(FDSLOTS_NO_EPOLL | FDSLOTS_CHECK)) != 0)
        return -EINVAL;
    *flags |= fdslots_kernel_flags;
    if ((*flags & FDSLOTS_NO_EPOLL) != 0)
        return (*flags & FDSLOTS_CHECK) != 0 ? -ENOTSUP : 0;
    if (environment_checks())
        *flags |= FDSLOTS_CHECK;
    return 0;
}

static void init_at(struct place place, uint32_t nslots, uint32_t flags, struct fdslots **out)
{
    struct fdslots *s = (struct fdslots *)(void *)place.head;
    *s = (struct fdslots){
        .capacity = nslots, .flags = flags, .max_ready = UINT32_MAX, .owns_memory = place.is_owned};
    lay_out_head(s, place.head);
    lay_out_arrays(s, place.arrays);
    *out = s;
}

int fdslots_init(void *mem, size_t size, uint32_t nslots, uint32_t flags, struct fdslots **out)
{
    if (!is_enough(mem, size, nslots) || out == NULL)
        return -EINVAL;
    int rc = check_flags(&flags);
    if (rc == 0)
        init_at(place_in(mem), nslots, flags, out);
    return rc;
}

int fdslots_create(uint32_t nslots, uint32_t flags, struct fdslots **out)
{
    struct place place;
    const struct sizes sizes = measure(nslots);
    if (sizes.arrays == 0 || out == NULL)
        return -EINVAL;
    int rc = check_flags(&flags);
    if (rc == 0)
        rc = allocate_place(sizes, &place);
    if (rc == 0)
        init_at(place, nslots, flags, out);
    return rc;
}

/* ---- going on with another capacity ---- */

/* Drop the slots from `nslots` up, which are empty. If the kernel's set still holds anything of
 * them, it must be told now. */
static void cut(struct fdslots *s, uint32_t nslots)
{
    if (nslots >= s->touched)
        return;
    fdslots_kernel_cut(s, nslots);
    fdslots_slots_cut(s, nslots);
}

static void go_to(struct fdslots *s, struct place place, uint32_t nslots, struct fdslots **out)
{
    struct fdslots *to = (struct fdslots *)(void *)place.head;
    cut(s, nslots);
    *to = *s;
    to->capacity = nslots;
    to->owns_memory = place.is_owned;
    to->iterations = 0;
    lay_out_head(to, place.head);
    lay_out_arrays(to, place.arrays);
    leave_place(s);
    *out = to;
}

/* Move a buffer to other arrays. The head stays where it is. */
static void replace_arrays(struct fdslots *s, unsigned char *arrays, uint32_t nslots)
{
    void *before = s->ready;
    cut(s, nslots);
    s->capacity = nslots;
    s->ready_epoch++;
    lay_out_arrays(s, arrays);
    release(before);
}

static bool overlap(const void *a, size_t size_of_a, const void *b, size_t size_of_b)
{
    return (uintptr_t)a < (uintptr_t)b + size_of_b && (uintptr_t)b < (uintptr_t)a + size_of_a;
}

/* Whether memory for this many slots overlaps that in which the buffer lies now. */
static bool meet(const struct fdslots *s, const void *mem, uint32_t nslots)
{
    const struct sizes old = measure(s->capacity);
    const size_t size = fdslots_size(nslots);
    return overlap(mem, size, s, old.head) || overlap(mem, size, s->ready, old.arrays);
}

int fdslots_move(struct fdslots *s, void *mem, size_t size, uint32_t nslots, struct fdslots **out)
{
    if (s == NULL || !is_enough(mem, size, nslots) || out == NULL || fdslots_slot_end(s) > nslots ||
        meet(s, mem, nslots))
        return -EINVAL;
    go_to(s, place_in(mem), nslots, out);
    return 0;
}

int fdslots_resize(struct fdslots **s, uint32_t nslots)
{
    struct place place;
    const struct sizes sizes = measure(nslots);
    if (s == NULL || *s == NULL || sizes.arrays == 0 || fdslots_slot_end(*s) > nslots)
        return -EINVAL;
    if ((*s)->owns_memory) {
        unsigned char *elsewhere = allocate(sizes.arrays);
        if (elsewhere == NULL)
            return -ENOMEM;
        replace_arrays(*s, elsewhere, nslots);
        return 0;
    }
    int rc = allocate_place(sizes, &place);
    if (rc == 0)
        go_to(*s, place, nslots, s);
    return rc;
}

void fdslots_destroy(struct fdslots *s)
{
    if (s == NULL)
        return;
    fdslots_kernel_close(s);
    fdslots_waker_close(s);
    leave_place(s);
}
