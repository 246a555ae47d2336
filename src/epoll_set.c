/* SPDX-License-Identifier: ISC
 *
 * The kernel's epoll set as a whole: made, made anew, shown to other loops, closed.
 *
 * A forked child shares its parent's set, so that a DEL of the child silences the parent. Whoever
 * finds itself in a child leaves the inherited fd alone, and open: it may have been closed with all
 * else that was inherited, as daemons do, and the number be another file by now.
 */
#include "epoll_set.h"
#include "backend.h"
#include "registration.h"
#include "sys_epoll.h"

#include <limits.h>

/* The kernel's EP_MAX_EVENTS. */
#define MAX_EVENTS ((uint32_t)(INT_MAX / sizeof(struct epoll_event)))

bool fdslots_epoll_built(void)
{
    return true;
}

bool fdslots_epoll_works(void)
{
    int fd = sys_epoll_create();
    if (fd >= 0)
        sys_close(fd);
    return fd >= 0;
}

void fdslots_epoll_lay_out(struct epoll_set *set, struct layout *at, uint32_t nslots)
{
    set->events = fdslots_layout_take(at, nslots, sizeof(struct epoll_event));
    set->most = set->max_ready = nslots < MAX_EVENTS ? nslots : MAX_EVENTS;
    set->buckets = fdslots_layout_take(at, nslots, sizeof(uint32_t));
}

int fdslots_epoll_is_set(int fd)
{
    int fresh = sys_epoll_create();
    if (fresh < 0)
        return fresh;
    int rc = sys_epoll_ctl(fd, EPOLL_CTL_DEL, fresh, 0, 0);
    sys_close(fresh);
    if (rc == -ENOENT)
        return 1;
    return rc == -EINVAL || rc == -EBADF ? 0 : rc;
}

static void forget_all(struct fdslots *s)
{
    fdslots_registration_clear(s);
    FOR_EACH_IN(&s->sets, SET_REFUSED, r)
    {
        if (s->slots[r].role != ROLE_LOST) /* whether or not there will be a new set */
            fdslots_index_set_remove(&s->sets, SET_REFUSED, r);
    }
    FOR_EACH_IN(&s->sets, SET_USED, u)
    fdslots_index_set_add(&s->sets, SET_CHANGED, u);
    s->epoll.files = 0;
    s->epoll.ghosts_possible = false;
}

/* Let go of the set; a file that outlived its fd in it goes with it. */
static void let_go(struct epoll_set *set)
{
    if (set->fd < 0 && set->outer_fd < 0)
        return; /* nor has this thread seen fdslots_process_enter(), perhaps */
    if (!fdslots_process_is(set->process)) {
        set->outer_fd = -1;
    } else if (set->fd >= 0) {
        /* Taken out of the outer set by name: a child may keep the file open. */
        if (set->outer_fd >= 0)
            sys_epoll_ctl(set->outer_fd, EPOLL_CTL_DEL, set->fd, 0, 0);
        sys_close(set->fd);
    }
    set->fd = -1;
}

int fdslots_epoll_renew(struct fdslots *s)
{
    struct epoll_set *set = &s->epoll;
    if (set->fd >= 0) {
        forget_all(s);
        s->stats.rebuilds++;
    }
    let_go(set); /* first, so that there is an fd to be had for the new one */
    int saved = errno;
    uint32_t process = fdslots_process_enter();
    errno = saved;
    if (process == 0)
        return -ENOMEM;
    set->process = process;
    int fresh = sys_epoll_create();
    if (fresh >= 0 && set->outer_fd >= 0) {
        int rc = sys_epoll_ctl(set->outer_fd, EPOLL_CTL_ADD, fresh, EPOLLIN, 0);
        if (rc < 0) {
            sys_close(fresh);
            return rc;
        }
    }
    set->fd = fresh >= 0 ? fresh : -1;
    return fresh >= 0 ? 0 : fresh;
}

bool fdslots_epoll_owns(const struct fdslots *s, int fd)
{
    return fdslots_epoll_ours(&s->epoll) && (fd == s->epoll.fd || fd == s->epoll.outer_fd);
}

void fdslots_epoll_close(struct fdslots *s)
{
    let_go(&s->epoll);
    if (s->epoll.outer_fd >= 0)
        sys_close(s->epoll.outer_fd);
    s->epoll.outer_fd = -1;
}

int fdslots_epoll_outer(struct fdslots *s)
{
    struct epoll_set *set = &s->epoll;
    int rc = fdslots_epoll_sync(s);
    if (rc < 0 || set->outer_fd >= 0)
        return rc < 0 ? rc : set->outer_fd;
    int outer = sys_epoll_create();
    if (outer < 0)
        return outer;
    rc = sys_epoll_ctl(outer, EPOLL_CTL_ADD, set->fd, EPOLLIN, 0);
    if (rc < 0) {
        sys_close(outer);
        return rc;
    }
    return set->outer_fd = outer;
}
