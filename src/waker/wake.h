/* SPDX-License-Identifier: ISC
 *
 * The two ends of a waker: an eventfd, or a pipe.
 */
#ifndef FDSLOTS_WAKE_H
#define FDSLOTS_WAKE_H

#include <stdbool.h>
#include <sys/stat.h>

/* Open both ends, close-on-exec and non-blocking. One file may be both ends. Returns 0 or an error.
 */
int fdslots_wake_open(int ends[2]);
void fdslots_wake_close(int read_fd, int write_fd);

/* Wake, or take back all wakes. Both return 0 or an error, and are safe in signal handlers. Writing
 * to a full waker is no error, because the waker reads ready already; draining an empty one is
 * none, either. */
int fdslots_wake_write(int write_fd);
int fdslots_wake_drain(int read_fd);

/* Whether a file with this st_mode can be a waker with these ends. */
bool fdslots_wake_can_be(int read_fd, int write_fd, mode_t mode);

#endif
