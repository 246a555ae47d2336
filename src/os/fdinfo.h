/* SPDX-License-Identifier: ISC
 *
 * What the kernel tells about an open fd, if there is a /proc like that of Linux.
 */
#ifndef FDSLOTS_FDINFO_H
#define FDSLOTS_FDINFO_H

#include <stddef.h>

/* Read the beginning of /proc/self/fdinfo/FD as a string. Returns its length or an error. Makes
 * three system calls, changes nothing, and does not touch the file behind the fd. */
int fdslots_fdinfo_read(int fd, char *text, size_t size);

#endif
