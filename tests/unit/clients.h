/* SPDX-License-Identifier: ISC
 *
 * A fixture for registrations that the kernel refuses. It runs in a child and has sixty clients,
 * all of them ready, and room for one slot that causes trouble.
 */
#ifndef TESTS_CLIENTS_H
#define TESTS_CLIENTS_H

#include "entry.h"

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#define CLIENTS 60
#define ODD     61 /* the slot that causes trouble */
#define NSLOTS  64

extern struct fdslots *clients;
extern struct pollfd want[NSLOTS]; /* the argument of poll(2), the oracle */
extern int probe;                  /* an idle eventfd that is in no slot */

/* Make the buffer. The clients wait for POLLIN with these flags. */
void clients_make(uint32_t flags);

/* Wait once and compare with poll(2). Ends the child unless exactly `expected` clients are
 * reported, the odd slot is reported if odd_one is true and only then, and every revents value is
 * that of poll(2). */
void clients_served(const struct entry *e, const char *what, int expected, bool odd_one);

#endif
