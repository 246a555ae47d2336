/* SPDX-License-Identifier: ISC */
#include "clients.h"
#include "child.h"
#include "kernel.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct fdslots *clients;
struct pollfd want[NSLOTS];
int probe;

void clients_make(uint32_t flags)
{
    CHILD_EXPECT(fdslots_create(NSLOTS, 0, &clients), 0);
    for (uint32_t i = 0; i < NSLOTS; i++)
        want[i].fd = -1;
    for (uint32_t i = 0; i < CLIENTS; i++) {
        want[i] = (struct pollfd){.fd = event_fd(true), .events = POLLIN};
        CHILD_EXPECT(fdslots_set_index(clients, i, want[i].fd, POLLIN | flags), 0);
    }
    probe = event_fd(false);
}

void clients_served(const struct entry *e, const char *what, int expected, bool odd_one)
{
    int seen = 0;
    int rc = e->wait(clients, 0, NULL);
    CHILD_EXPECT(poll(want, NSLOTS, 0) >= 0, true);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        const int revents = fdslots_get_revents(clients, i);
        CHILD_EXPECT(revents == 0 || revents == want[i].revents, true);
        seen += revents != 0;
    }
    const int odd_revents = odd_one ? (uint16_t)want[ODD].revents : 0;
    if (rc == expected + odd_one && seen == expected &&
        fdslots_get_revents(clients, ODD) == odd_revents)
        return;
    fprintf(stderr,
            "%s, by %s: the wait returned %d and served %d of %d clients; odd slot: %#x, not %#x\n",
            what, e->name, rc, seen, expected, (unsigned)fdslots_get_revents(clients, ODD),
            (unsigned)odd_revents);
    _exit(EXIT_FAILURE);
}
