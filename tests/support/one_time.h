/* SPDX-License-Identifier: ISC
 *
 * Files that hand out an event once, to whoever looks first, each with a way to make an event. They
 * belong into a child: what changes there is changed in namespaces of its own.
 */
#ifndef TESTS_ONE_TIME_H
#define TESTS_ONE_TIME_H

#include <stdbool.h>

struct one_time {
    const char *path;
    bool (*enter)(void);  /* make a world of one's own; false where this process may not */
    bool (*change)(void); /* an event for all who have the file open; false where it is refused */
};

int one_time_count(void);
const struct one_time *one_time_at(int i);

/* Enter, and see by poll(2) that there is an event after a change. Ends the process well, saying
 * so, where this cannot be had. */
void one_time_begin(const struct one_time *source);
/* Open the file; poll(2) has looked, and there is no event. */
int one_time_open(const struct one_time *source);
/* Make an event. Ends the process on failure. */
void one_time_event(const struct one_time *source);

#endif
