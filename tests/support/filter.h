/* SPDX-License-Identifier: ISC
 *
 * A kernel that refuses a system call, as old kernels, containers and full machines do: a seccomp
 * filter. It stays for the life of the process, so it belongs into a child.
 */
#ifndef TESTS_FILTER_H
#define TESTS_FILTER_H

#include <stdbool.h>

#define FILTER_ANY (-1)

/* Whether filters work here: not under valgrind, nor in every container. */
bool filter_works(void);

/* In a child: from now on the system call nr answers -error. Where `arg` is not FILTER_ANY, only
 * with this value as its second argument. Ends the child on failure. */
void filter_refuse(long nr, int arg, int error);
/* The same, but the call ends the process: none may be made any more. */
void filter_kill(long nr);
/* The same of a call with these first two arguments. */
void filter_kill_with(long nr, int first, int second);

#endif
