/* SPDX-License-Identifier: ISC
 *
 * A fixture for what the kernel refuses, in a child: sixty clients, all of them ready, and room for
 * a slot that means trouble.
 */
#ifndef TESTS_CLIENTS_H
#define TESTS_CLIENTS_H

#include "entry.h"

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#define CLIENTS 60
#define ODD     61 /* the slot that means trouble */
#define NSLOTS  64

extern struct fdslots *clients;
extern struct pollfd want[NSLOTS]; /* what poll(2) is asked */
extern int probe;                  /* an idle eventfd that is in no slot */

/* Make the buffer; the clients wait for POLLIN with these flags. */
void clients_make(uint32_t flags);

/* Wait, and end the child unless so many clients are reported, each as poll(2) says, and the odd
 * one as it says if it is expected, and nothing else. */
void clients_served(const struct entry *e, const char *what, int expected, bool odd_one);

#endif
