/* SPDX-License-Identifier: ISC
 *
 * Files that report an event only once, to whoever asks first, each with a way to cause an event.
 * They must be used in a child, which makes the changes in namespaces of its own.
 */
#ifndef TESTS_ONE_TIME_H
#define TESTS_ONE_TIME_H

#include <stdbool.h>

struct one_time {
    const char *path;
    bool (*enter)(void); /* enters the namespaces; returns false if this is not permitted */
    /* Causes an event for all who have the file open; returns false if refused. */
    bool (*change)(void);
};

int one_time_count(void);
const struct one_time *one_time_at(int i);

/* Enter the namespaces, and check by poll(2) that a change causes an event. If that does not work,
 * this says so and ends the process with success. */
void one_time_begin(const struct one_time *source);
/* Open the file. poll(2) has asked it once, so there is no event. */
int one_time_open(const struct one_time *source);
/* Cause an event. Ends the process on failure. */
void one_time_event(const struct one_time *source);

#endif
