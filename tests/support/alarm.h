/* SPDX-License-Identifier: ISC
 *
 * Signals for tests: a handler that counts, and a SIGALRM that repeats until it is stopped. Because
 * it repeats, it does no harm if one arrives just before a wait begins.
 */
#ifndef TESTS_ALARM_H
#define TESTS_ALARM_H

#include <signal.h>

/* How often the handler has run since signals_count(). */
extern volatile sig_atomic_t signals_seen;

/* Unblock this signal, and count it from now on. signals_restore() restores the old action of the
 * signal and the mask of the process. */
void signals_count(int signo);
void signals_restore(void);

void signals_block(int signo);
/* Return the current mask without this signal. */
sigset_t signals_mask_without(int signo);

void alarm_start(void);
void alarm_stop(void);

#endif
