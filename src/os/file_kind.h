/* SPDX-License-Identifier: ISC
 *
 * fstat(2) tells whether a file keeps an event until the program has dealt with it, and wakes those
 * who wait for it.
 */
#ifndef FDSLOTS_FILE_KIND_H
#define FDSLOTS_FILE_KIND_H

#include <stdint.h>

enum file_kind {
    KIND_UNKNOWN, /* fstat(2) does not say */
    KIND_CLOSED,  /* the fd is not open */
    KIND_POLLED,  /* the file does not promise that: only poll(2) can be relied on */
    KIND_DEVICE,  /* character devices, which keep an event but do not always wake those who wait */
    KIND_WATCHABLE, /* sockets and pipes */
    KIND_ANONYMOUS, /* anonymous inodes */
};

/* Return the kind of this fd's file. Stores at *mark a number that tells files of different types
 * and devices apart, or 0 if fstat(2) fails. The inode is not part of it, because overlayfs gives
 * an open file another one when another program writes to the file. Makes one system call,
 * fstat(2). */
enum file_kind fdslots_file_kind(int fd, uint32_t *mark);

#endif
