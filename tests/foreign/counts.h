/* SPDX-License-Identifier: ISC
 *
 * What interpose.c counts, summed up over all processes of a program: an array of 64-bit numbers in
 * a file that they map, so that run.sh can read it at any moment. It names them in this order.
 */
#ifndef TESTS_COUNTS_H
#define TESTS_COUNTS_H

#include <stdint.h>

enum count {
    COUNT_CALLS,       /* of poll(2), by the program */
    COUNT_WAITS,       /* of an entry point, or poll(2) itself, to answer a call */
    COUNT_COMPARED,    /* waits besides, between two askings of poll(2) */
    COUNT_LATE,        /* of these, which lacked what both askings said, and were made again */
    COUNT_DIFFERENCES, /* slots for which they lacked it for good, or said what neither asking did
                        */
    COUNT_ERRORS,      /* returned by a call of the library; a signal is none */
    COUNT_EARLY,       /* waits that ended with nothing before their time was over */
    COUNT_LOST,        /* slots that FDSLOTS_CHECK found closed behind their back */
    COUNT_WOKEN,       /* waits that ended since another thread closes an fd of theirs */
    COUNT_BY_POLL,     /* poll(2) or ppoll(2) by the library */
    COUNT_BY_EPOLL,    /* epoll_wait(2) and the like by the library */
    COUNTS
};

/* Count into this file, as the other processes do; without a name, nowhere. */
void counts_open(const char *path);

void count(enum count what, uint64_t by);

#endif
