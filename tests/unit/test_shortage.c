/* SPDX-License-Identifier: ISC
 *
 * Limits that take effect while clients are served: no watch is left (fs.epoll.max_user_watches),
 * or the kernel is short of memory. Clients that cannot be registered are polled, and registered
 * again later.
 */
#include "child.h"
#include "clients.h"
#include "filter.h"
#include "kernel.h"
#include "kernel/epoll.h"
#include "sets.h"
#include "watches.h"

#include <stdio.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Every test here runs in a child. */
static const struct entry *e;
static const char *what;

static void serves(int expected)
{
    clients_served(e, what, expected, false);
}

#define MOST_WAITS 5000

/* Wait until no client is polled. */
static void await_registration(void)
{
    for (int wait = 0; wait < MOST_WAITS; wait++) {
        const uint64_t before = stats_of(clients).polled;
        CHILD_EXPECT(fdslots_epoll_wait(clients, 0), CLIENTS);
        if (stats_of(clients).polled == before)
            return;
    }
}

/* No watch is left, so all clients are polled. They are registered again when there are watches. */
static void without_a_watch(void)
{
    for (int i = 0; (e = entry_at(i)) != NULL; i++) {
        clients_make(0);
        for (int again = 0; again < 3; again++)
            serves(CLIENTS);
        watches_give_back(CLIENTS);
        await_registration();
        for (uint32_t c = 0; c < CLIENTS; c++)
            CHILD_EXPECT(set_holds(clients->kernel->fd, want[c].fd), 1);
        const struct fdslots_stats before = stats_of(clients);
        CHILD_EXPECT(fdslots_epoll_wait(clients, 0), CLIENTS);
        CHILD_EXPECT(stats_of(clients).polled == before.polled, true);
        CHILD_EXPECT(stats_of(clients).epoll_ctl_calls == before.epoll_ctl_calls, true);
        serves(CLIENTS);
        fdslots_destroy(clients);
        watches_use_up();
    }
}

/* Clients that are registered stay so, and keep their edges. */
static void without_a_watch_for_some(void)
{
    for (int i = 0; (e = entry_at(i)) != NULL; i++) {
        if (!e->is_epoll)
            continue;
        watches_give_back(CLIENTS / 2);
        clients_make(FDSLOTS_EDGE);
        serves(CLIENTS);
        serves(CLIENTS / 2); /* clients without a watch are level-triggered */
        serves(CLIENTS / 2);
        for (uint32_t c = 0; c < CLIENTS; c++)
            event_clear(want[c].fd);
        serves(0);
        event_set(want[0].fd);
        event_set(want[CLIENTS - 1].fd);
        CHILD_EXPECT(e->wait(clients, FDSLOTS_FOREVER, NULL), 2);
        fdslots_destroy(clients);
        watches_use_up();
    }
}

static void (*const shortages[])(void) = {without_a_watch, without_a_watch_for_some};

START_TEST(without_watches)
{
    what = "no watch";
    const char *obstacle = watches_run(shortages[_i]);
    if (obstacle != NULL)
        printf("skipped: %s\n", obstacle);
}
END_TEST

/* A filter of system calls, or a kernel short of memory, refuses every registration. */
static int refusal;
static bool before_the_first_wait;
static uint32_t client_flags;

static void without_registrations(void)
{
    clients_make(client_flags);
    if (before_the_first_wait)
        serves(CLIENTS);
    filter_refuse(SYS_epoll_ctl, EPOLL_CTL_ADD, refusal);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        close(want[i].fd);
        want[i].fd = event_fd(true);
        CHILD_EXPECT(fdslots_set_index(clients, i, want[i].fd, POLLIN | client_flags), 0);
    }
    for (int again = 0; again < 3; again++)
        serves(CLIENTS);
    CHILD_EXPECT(fdslots_rebuild(clients), 0);
    serves(CLIENTS);
    const uint64_t before = stats_of(clients).epoll_ctl_calls;
    for (int again = 0; again < 100; again++)
        serves(CLIENTS);
    CHILD_EXPECT(stats_of(clients).epoll_ctl_calls - before < 50 * CLIENTS,
                 true); /* the library does not try in every wait */
}

static const int refusals[] = {ENOMEM, ENOSPC, EPERM, EINVAL, ELOOP, EBADF, ENOSYS};

START_TEST(without_epoll_ctl)
{
    if (!filter_works())
        return;
    what = "no registration";
    refusal = refusals[_i % LENGTH(refusals)];
    e = entry_at(_i / LENGTH(refusals) / 4);
    before_the_first_wait = _i / LENGTH(refusals) % 2 != 0;
    client_flags = _i / LENGTH(refusals) / 2 % 2 != 0 ? FDSLOTS_EDGE : 0;
    if (e->is_epoll || client_flags == 0)
        child_run(without_registrations);
}
END_TEST

Suite *suite_shortage(void)
{
    Suite *suite = suite_create("shortage");
    if (!have_epoll())
        return suite;
    TCase *tcase = add_case(suite, "shortage");
    tcase_add_loop_test(tcase, without_watches, 0, LENGTH(shortages));
    tcase_add_loop_test(tcase, without_epoll_ctl, 0, 4 * LENGTH(refusals) * entry_count());
    return suite;
}
