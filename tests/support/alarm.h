/* SPDX-License-Identifier: ISC
 *
 * Signals for tests: a handler that counts, and SIGALRM that comes again and again until it is
 * stopped, so that one that arrives just before a wait begins does no harm.
 */
#ifndef TESTS_ALARM_H
#define TESTS_ALARM_H

#include <signal.h>

/* How often the handler of a signal has run since signals_count(). */
extern volatile sig_atomic_t signals_seen;

/* Count this signal from now on; signals_restore() gives it back its old action, and the process
 * the mask it had. */
void signals_count(int signo);
void signals_restore(void);

void signals_block(int signo);
/* The mask now in force without this signal. */
sigset_t signals_mask_without(int signo);

void alarm_start(void);
void alarm_stop(void);

#endif
