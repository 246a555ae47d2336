/* SPDX-License-Identifier: ISC
 *
 * Waits for an event that a file reports only once: with any timeout, asleep, in a child, and by
 * either way that fdslots_wait() chooses. The test opens the file a second time to ask poll(2).
 */
#include "child.h"
#include "kernel.h"
#include "one_time.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define EVENTS 100
#define IDLE   200 /* number of other slots, so that fdslots_wait() has a choice */
#define MS     INT64_C(1000000)

/* Every test here runs in a child. */
static const struct one_time *source;
static const struct entry *e;
static struct fdslots *s;
static int fd;   /* in slot 0 */
static int twin; /* the same file, opened again for poll(2) */

static void make(void)
{
    CHILD_EXPECT(fdslots_create(IDLE + 1, 0, &s), 0);
    fd = one_time_open(source);
    twin = one_time_open(source);
    CHILD_EXPECT(fdslots_set_index(s, 0, fd, POLLPRI), 0);
}

static void end(void)
{
    fdslots_destroy(s);
    close(fd);
    close(twin);
}

static void has_the_event(int64_t timeout_ns)
{
    struct pollfd want = {.fd = twin, .events = POLLPRI};
    CHILD_EXPECT(poll(&want, 1, 0), 1);
    CHILD_EXPECT(e->wait(s, timeout_ns, NULL), 1);
    CHILD_EXPECT(fdslots_get_revents(s, 0), want.revents);
    CHILD_EXPECT(e->wait(s, 0, NULL), 0);
}

static const int64_t timeouts[] = {0, 1, 1500, MS, MS + 1, 10 * MS, FDSLOTS_FOREVER};

static void with_each_timeout(void)
{
    one_time_begin(source);
    make();
    CHILD_EXPECT(e->wait(s, 0, NULL), 0);
    for (int t = 0; t < LENGTH(timeouts); t++) {
        one_time_event(source);
        has_the_event(timeouts[t]);
        if (timeouts[t] < FDSLOTS_FOREVER)
            CHILD_EXPECT(wait_full_time(e, s, timeouts[t]), 0);
    }
    end();
}

START_TEST(with_any_timeout)
{
    e = entry_at(_i);
    source = one_time_at(0);
    child_run(with_each_timeout);
}
END_TEST

static void make_event(void)
{
    one_time_event(source);
}

static void woken(void)
{
    one_time_begin(source);
    for (int i = 0; (e = entry_at(i)) != NULL; i++) {
        make();
        for (int again = 0; again < 2; again++) {
            pid_t pid = child_when_asleep(make_event);
            CHILD_EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 1);
            CHILD_EXPECT((fdslots_get_revents(s, 0) & POLLPRI) != 0, true);
            child_end(pid);
        }
        end();
    }
}

START_TEST(an_event_ends_the_sleep)
{
    source = one_time_at(_i);
    child_run(woken);
}
END_TEST

/* In its first wait, a child makes a set of its own. */
static void child_waits(void)
{
    has_the_event(0);
}

static void waits_in_children(void)
{
    one_time_begin(source);
    for (int i = 0; (e = entry_at(i)) != NULL; i++) {
        make();
        CHILD_EXPECT(e->wait(s, 0, NULL), 0);
        one_time_event(source);
        child_run(child_waits);
        end();
    }
}

START_TEST(in_the_first_wait_of_a_child)
{
    source = one_time_at(_i);
    child_run(waits_in_children);
}
END_TEST

/* fdslots_wait() changes from poll to epoll and back, whichever it finds cheaper. */
static void beside_many(void)
{
    one_time_begin(source);
    make();
    e = entry_for(ENTRY_WAIT);
    for (uint32_t i = 1; i <= IDLE; i++)
        CHILD_EXPECT(fdslots_set_index(s, i, eventfd(0, EFD_CLOEXEC), POLLIN), 0);
    for (uint32_t i = 0; i < EVENTS; i++) {
        one_time_event(source);
        has_the_event(0);
        for (uint32_t k = 1; k <= i % IDLE; k++)
            CHILD_EXPECT(fdslots_set_events(s, k, i % 2 == 0 ? POLLPRI : POLLIN), 0);
    }
    end();
}

START_TEST(whatever_wait_chooses)
{
    source = one_time_at(_i);
    child_run(beside_many);
}
END_TEST

Suite *suite_one_time_wait(void)
{
    Suite *suite = suite_create("one-time files, waited for");
    if (!have_epoll())
        return suite;
    TCase *tcase = add_case(suite, "one-time files, waited for");
    tcase_add_loop_test(tcase, with_any_timeout, 0, entry_count());
    tcase_add_loop_test(tcase, an_event_ends_the_sleep, 0, one_time_count());
    tcase_add_loop_test(tcase, in_the_first_wait_of_a_child, 0, one_time_count());
    tcase_add_loop_test(tcase, whatever_wait_chooses, 0, one_time_count());
    return suite;
}
