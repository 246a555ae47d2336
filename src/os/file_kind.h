/* SPDX-License-Identifier: ISC
 *
 * What fstat(2) tells of a file: whether it keeps an event until the program has dealt with it, and
 * wakes those who wait for it.
 */
#ifndef FDSLOTS_FILE_KIND_H
#define FDSLOTS_FILE_KIND_H

#include <stdint.h>

enum file_kind {
    KIND_UNKNOWN,   /* fstat(2) does not say */
    KIND_CLOSED,    /* there is no file */
    KIND_POLLED,    /* not of this one: only poll(2) knows it */
    KIND_WATCHABLE, /* sockets and pipes */
    KIND_ANONYMOUS, /* anonymous inodes */
};

/* Return the kind of this fd's file, and store at *mark a number that tells files of different
 * types and devices apart; 0 where there is no file that is known. Costs one fstat(2). */
enum file_kind fdslots_file_kind(int fd, uint32_t *mark);

#endif
