/* SPDX-License-Identifier: ISC
 *
 * The two ends of a waker: in wake_eventfd.c, or in wake_pipe.c where there is no eventfd.
 */
#ifndef FDSLOTS_WAKER_H
#define FDSLOTS_WAKER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Apart from the buffer, which is const to those who wake. */
struct waker {
    atomic_int read_fd; /* -1 while there is none */
    atomic_int write_fd;
    _Atomic uint32_t process; /* that opened it */
    atomic_bool pending;      /* woken in a child that has not opened its own yet */
    uint32_t index;
};

/* Open both ends, close-on-exec and never blocking; one file may be both. Returns 0 or an error. */
int fdslots_wake_open(int ends[2]);
void fdslots_wake_close(int read_fd, int write_fd);
/* Signal-safe. That it is full means that there are wakes, which is all that is asked for. */
int fdslots_wake_write(int write_fd);
int fdslots_wake_drain(int read_fd);

#endif
