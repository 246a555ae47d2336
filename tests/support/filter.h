/* SPDX-License-Identifier: ISC
 *
 * A seccomp filter that refuses a system call, as old kernels, containers and machines under load
 * do. It stays for the life of the process, so it must be used in a child.
 */
#ifndef TESTS_FILTER_H
#define TESTS_FILTER_H

#include <stdbool.h>

#define FILTER_ANY (-1)

/* Return whether filters work here. They do not under valgrind, nor in every container. */
bool filter_works(void);

/* In a child, let the system call nr return -error from now on. Unless `arg` is FILTER_ANY, this
 * applies only if the second argument is `arg`. Ends the child on failure. */
void filter_refuse(long nr, int arg, int error);
/* Do the same, but let the call end the process. */
void filter_kill(long nr);
/* Do the same for a call with these first two arguments. */
void filter_kill_with(long nr, int first, int second);

#endif
