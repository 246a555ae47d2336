/* SPDX-License-Identifier: ISC */
#include "kept.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

int lost;
int kept;

void kept_setup(uint32_t flags)
{
    pair_setup(KEPT_SLOTS, flags);
    lost = event_fd(false);
    kept = fcntl(lost, F_DUPFD_CLOEXEC, 100);
    ck_assert_int_ge(kept, 0);
    EXPECT(fdslots_set_index(s, 0, idle, POLLIN), 0);
    EXPECT(fdslots_set_index(s, 1, lost, POLLIN), 0);
}

void kept_teardown(void)
{
    pair_teardown();
    close(lost);
    close(kept);
}

void kept_replace(void)
{
    number_reused(lost, true);
}

static void close_it(void)
{
    close(lost);
}

static void close_the_last(void)
{
    close(kept);
    close(lost);
}

static void replace_the_last(void)
{
    close(kept);
    number_reused(lost, true);
}

static void replace_by_a_regular_file(void)
{
    int file = regular_file();
    ck_assert_int_eq(dup2(file, lost), lost);
    close(file);
}

static void replace_by_a_device(void)
{
    int device = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    ck_assert_int_eq(dup2(device, lost), lost);
    close(device);
}

/* An anonymous inode may be a file that epoll refuses. One that any user may open needs a recent
 * kernel, and this one needs root. */
static void replace_by_what_epoll_refuses(void)
{
    int file = (int)syscall(SYS_fsopen, "tmpfs", 1 /* FSOPEN_CLOEXEC */);
    if (file < 0)
        file = regular_file();
    ck_assert_int_eq(dup2(file, lost), lost);
    close(file);
}

static void change_interest(void)
{
    kept_replace();
    EXPECT(fdslots_set_events(s, 1, POLLOUT), 0);
}

static void let_another_slot_have_it(void)
{
    number_reused(lost, false);
    EXPECT(fdslots_set_index(s, 2, lost, POLLIN), 0);
}

void kept_lose(int way)
{
    static void (*const ways[KEPT_WAYS])(void) = {
        kept_replace,
        close_it,
        close_the_last,
        replace_the_last,
        replace_by_a_regular_file,
        replace_by_a_device,
        replace_by_what_epoll_refuses,
        change_interest,
        let_another_slot_have_it,
    };
    ways[way]();
}

uint64_t kept_losses(void)
{
    return stats_of(s).lost;
}

void kept_shows_loss(const struct entry *e)
{
    for (int again = 0; again < 3; again++) {
        EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 1);
        EXPECT(fdslots_get_revents(s, 0), 0);
        EXPECT(fdslots_get_revents(s, 1), POLLNVAL);
        EXPECT(fdslots_get_fd(s, 1), lost);
        ck_assert_int_eq(fdslots_view(s)[1].fd, lost);
        ck_assert_uint_eq(kept_losses(), 1);
    }
}
