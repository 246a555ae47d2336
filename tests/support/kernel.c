/* SPDX-License-Identifier: ISC */
#include "kernel.h"

#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

bool have_epoll(void)
{
    return fdslots_has(FDSLOTS_HAS_EPOLL) == 1;
}

bool have_exclusive(void)
{
    return have_epoll() && HAVE_DECL_EPOLLEXCLUSIVE;
}

struct fdslots_stats stats_of(const struct fdslots *s)
{
    struct fdslots_stats stats;
    EXPECT(fdslots_get_stats(s, &stats, sizeof stats), 0);
    return stats;
}

int event_fd(bool ready)
{
    int fd = eventfd(ready, EFD_NONBLOCK | EFD_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    return fd;
}

void event_set(int fd)
{
    ck_assert_int_eq(eventfd_write(fd, 1), 0);
}

void event_clear(int fd)
{
    eventfd_t count;
    ck_assert_int_eq(eventfd_read(fd, &count), 0);
}

int regular_file(void)
{
    int fd = memfd_create("fdslots", MFD_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    return fd;
}

int number_reused(int fd, bool ready)
{
    close(fd);
    int other = event_fd(ready);
    if (other != fd) {
        ck_assert_int_eq(dup2(other, fd), fd);
        close(other);
    }
    return fd;
}

int wait_full_time(const struct entry *e, struct fdslots *s, int64_t timeout_ns)
{
    int64_t start = now_ns();
    int rc = e->wait(s, timeout_ns, NULL);
    int64_t elapsed = now_ns() - start;
    ck_assert_msg(elapsed >= timeout_ns, "%s returned %d after %jd ns of %jd", e->name, rc,
                  (intmax_t)elapsed, (intmax_t)timeout_ns);
    return rc;
}
