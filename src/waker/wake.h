/* SPDX-License-Identifier: ISC
 *
 * The two ends of a waker: an eventfd, or a pipe.
 */
#ifndef FDSLOTS_WAKE_H
#define FDSLOTS_WAKE_H

#include <stdbool.h>
#include <sys/stat.h>

/* Open both ends, close-on-exec and never blocking; one file may be both. Returns 0 or an error. */
int fdslots_wake_open(int ends[2]);
void fdslots_wake_close(int read_fd, int write_fd);

/* Signal-safe. That it is full means that there are wakes, which is all that is asked for. */
int fdslots_wake_write(int write_fd);
int fdslots_wake_drain(int read_fd);

/* Whether a waker with these ends can be a file of this mode. */
bool fdslots_wake_can_be(int read_fd, int write_fd, mode_t mode);

#endif
