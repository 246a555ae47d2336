/* SPDX-License-Identifier: ISC
 *
 * The kernel's epoll set as a whole: making it, making it anew, showing it to other loops, leaving
 * an inherited one, closing it.
 *
 * A forked child shares its parent's set, so a DEL by the child would silence the parent. A child
 * therefore changes nothing in an inherited set. It closes the inherited fd only if this provably
 * still is that set: the program may have closed all inherited fds, as daemons do, and the number
 * may be another file by now.
 */
#include "epoll.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

const uint32_t fdslots_kernel_flags = 0;

static const struct kernel none = {.fd = -1, .outer_fd = -1};

void fdslots_kernel_lay_out(struct fdslots *s, struct layout *at)
{
    struct kernel measured = none;
    s->kernel = fdslots_layout_move(at, s->kernel != NULL ? s->kernel : &none, 1, 1, sizeof none);
    struct kernel *k = s->kernel != NULL ? s->kernel : &measured;
    fdslots_runs_lay_out(&k->runs, at, s->capacity);
    k->scratch.events =
        fdslots_layout_take(at, (uint64_t)s->capacity + 1, sizeof(struct epoll_event));
}

int fdslots_kernel_beside(struct fdslots *s, struct pollfd **room)
{
    *room = s->kernel->scratch.pollfds;
    return s->kernel->fd;
}

/* Note all used slots, because a new set holds nothing. An emptied slot that still has a
 * registration is noted already. It stays known which slots share a file, and of what kind the file
 * is. */
static void forget_set(struct fdslots *s)
{
    struct kernel *k = s->kernel;
    fdslots_list_move(s, &s->fresh, &s->noted);
    k->looked_at = 0;
    FOR_EACH_IN(&s->used, i)
    {
        fdslots_list_add(s, &s->noted, i);
        k->looked_at++;
    }
    for (uint32_t n = 0; n < s->noted.count; n++)
        if (fdslots_run_has(&k->runs, s->noted.of[n]))
            k->runs.of[s->noted.of[n]].events = 0;
    k->registered = k->ghost_reports = k->rent = 0;
    s->exclusives = 0;
    s->ghosts_possible = s->set_misleads = k->outworn = false;
    s->flushed_new_set = true;
}

/* ---- an inherited set ---- */

/* Whether this line of fdinfo is a registration of the inherited set, or that of this set in the
 * outer one. A slot may have got another owner since it was registered, with a higher generation.
 * If the data is another set's, taking this salt from it hardly ever gives the name of a slot and
 * an earlier generation. */
static bool is_registration(const struct fdslots *s, int fd, uint64_t data)
{
    const struct runs *runs = &s->kernel->runs;
    const struct event_name name = fdslots_epoll_name(s->kernel, data);
    if (fd == s->kernel->fd && data == s->kernel->salt)
        return true;
    return name.index < runs->extent && runs->of[name.index].fd == fd &&
           runs->of[name.index].events != 0 && name.generation <= s->slots[name.index].generation;
}

/* Whether this fd is a set that holds such a registration. /proc tells this without a change to the
 * set, which belongs to the parent. An epoll_ctl(2) that asked could change it. */
static bool is_our_set(const struct fdslots *s, int set_fd)
{
    char text[4096];
    sys_read_fdinfo(set_fd, text, sizeof text);
    for (const char *at = strstr(text, "tfd:"); at != NULL; at = strstr(at + 1, "tfd:")) {
        const char *data = strstr(at, "data:");
        if (data == NULL)
            break; /* the text is cut */
        if (is_registration(s, (int)strtol(at + strlen("tfd:"), NULL, 10),
                            strtoull(data + strlen("data:"), NULL, 16)))
            return true;
    }
    return false;
}

static void close_if_ours(const struct fdslots *s, int fd)
{
    if (fd >= 0 && is_our_set(s, fd))
        sys_close(fd);
}

/* Leave an inherited set. The child may have closed the inherited fds, and their numbers may be
 * other files by now. An fd provably is the set if it holds a registration that the set was told
 * of, and the outer set if it holds a file with the salt of the set. Returns whether there was such
 * a set. */
static bool leave_inherited(struct fdslots *s)
{
    struct kernel *k = s->kernel;
    if ((k->fd < 0 && k->outer_fd < 0) || fdslots_process_is(k->process))
        return false;
    close_if_ours(s, k->outer_fd);
    close_if_ours(s, k->fd);
    s->stats.rebuilds += k->fd >= 0;
    k->fd = k->outer_fd = -1;
    k->is_nested = false;
    s->set_ready = s->exclusive_changed = false;
    return true;
}

void fdslots_kernel_inherit(struct fdslots *s)
{
    if (leave_inherited(s))
        forget_set(s);
}

/* ---- closing ---- */

/* Withdraw what must not outlive the set here, because a child may keep the set open. Its exclusive
 * registrations would take wakes that nobody answers, and the outer set would read ready for events
 * that nobody reports. */
static void withdraw(struct fdslots *s)
{
    struct kernel *k = s->kernel;
    for (uint32_t i = 0; s->exclusives > 0 && i < k->runs.extent; i++) {
        struct registration *leads = &k->runs.of[i];
        if ((leads->flags & RUN_LEADER) != 0 && (leads->events & REGISTERED_EXCLUSIVE) != 0)
            fdslots_epoll_deregister(s, leads);
    }
    if (k->outer_fd >= 0)
        sys_epoll_ctl(k->outer_fd, EPOLL_CTL_DEL, k->fd, 0, 0);
}

/* Close the set, and keep the outer one. */
static void close_set(struct fdslots *s)
{
    struct kernel *k = s->kernel;
    if (k->fd < 0)
        return;
    withdraw(s);
    const int fd = k->fd;
    s->set_ready = false;
    k->fd = -1;
    sys_close(fd);
}

void fdslots_kernel_close(struct fdslots *s)
{
    leave_inherited(s);
    close_set(s);
    if (s->kernel->outer_fd >= 0)
        sys_close(s->kernel->outer_fd);
}

/* ---- opening ---- */

static int create_clear_of_slots(const struct fdslots *s)
{
    return fdslots_clear_of_slots(s, sys_epoll_create());
}

/* Put the set into this outer one, with its salt as data. */
static int nest(const struct kernel *k, int outer)
{
    return sys_epoll_ctl(outer, EPOLL_CTL_ADD, k->fd, EPOLLIN, k->salt);
}

/* Return a salt that no other set has. Two copies of the library in one program count separately,
 * so the address of the buffer is mixed in. */
static uint64_t new_salt(const struct fdslots *s)
{
    static atomic_uint sets;
    const uint64_t count = atomic_fetch_add_explicit(&sets, 1, memory_order_relaxed) + UINT64_C(1);
    return count * UINT64_C(0x9e3779b97f4a7c15) ^ (uintptr_t)s;
}

/* Make a set, and return its fd or an error. If there is no fd left for two sets, the old one is
 * closed first, but only if its number may be used again, because the limit may have fallen below
 * it. If the new set gets the number of the old one, the program has closed the old one. */
static int create_beside(struct fdslots *s)
{
    struct kernel *k = s->kernel;
    int fd = create_clear_of_slots(s);
    if (fd == -EMFILE && k->fd >= 0 && sys_allows_fd(k->fd)) {
        close_set(s);
        forget_set(s);
        fd = create_clear_of_slots(s);
    }
    if (fd >= 0 && fd == k->fd)
        k->fd = -1;
    return fd;
}

/* Whether the number of the set is a file that is no epoll set, because the program has closed the
 * set and opened that file. DEL of another set tells: only what is no set refuses it with EINVAL.
 */
static bool is_another_file(int fd, int new_set)
{
    return sys_epoll_ctl(fd, EPOLL_CTL_DEL, new_set, 0, 0) == -EINVAL;
}

int fdslots_epoll_open(struct fdslots *s)
{
    struct kernel *k = s->kernel;
    const uint32_t process = fdslots_process_enter();
    if (process == 0)
        return -ENOMEM;
    const int before = k->fd;
    const int fd = create_beside(s);
    s->stats.rebuilds += before >= 0 && (fd >= 0 || k->fd < 0);
    if (fd < 0)
        return fd;
    if (k->fd >= 0 && is_another_file(k->fd, fd))
        k->fd = -1;
    close_set(s);
    k->process = process;
    k->fd = fd;
    k->salt = new_salt(s);
    /* The old set has left the outer one, so its watch is free for the new one. If this fails
     * nevertheless, waits go on, and the next fdslots_epoll_fd() fails. */
    k->is_nested = k->outer_fd >= 0 && nest(k, k->outer_fd) == 0;
    if (s->process == 0)
        s->process = process;
    forget_set(s);
    return 0;
}

int fdslots_kernel_outer_fd(struct fdslots *s)
{
    struct kernel *k = s->kernel;
    k->kept_in = 0; /* this is in no wait */
    int rc = fdslots_kernel_sync(s);
    if (rc < 0 || k->is_nested)
        return rc < 0 ? rc : k->outer_fd;
    const int outer = k->outer_fd >= 0 ? k->outer_fd : create_clear_of_slots(s);
    rc = outer >= 0 ? nest(k, outer) : outer;
    k->is_nested = rc == 0;
    if (rc == 0)
        k->outer_fd = outer;
    else if (outer >= 0 && outer != k->outer_fd)
        sys_close(outer);
    return rc < 0 ? rc : outer;
}
