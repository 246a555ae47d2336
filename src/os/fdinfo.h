/* SPDX-License-Identifier: ISC
 *
 * What the kernel tells of an open fd, where there is a /proc as Linux has it.
 */
#ifndef FDSLOTS_FDINFO_H
#define FDSLOTS_FDINFO_H

#include <stddef.h>

/* Read the beginning of /proc/self/fdinfo/FD as a string. Returns its length or an error. Costs
 * three system calls, changes nothing, and looks at no file. */
int fdslots_fdinfo_read(int fd, char *text, size_t size);

#endif
