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

/* Return 0 or an error. Signal-safe. A full waker is no error: it reads ready already. */
int fdslots_wake_write(int write_fd);
int fdslots_wake_drain(int read_fd);

/* Whether a file of this mode can be a waker with these ends. */
bool fdslots_wake_can_be(int read_fd, int write_fd, mode_t mode);

#endif
