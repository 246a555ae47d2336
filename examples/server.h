/* SPDX-License-Identifier: ISC
 *
 * Shared by the servers among the examples: numbers on the command line, the signals that end the
 * servers, a listener, and the clock.
 */
#ifndef SERVER_H
#define SERVER_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

enum { EXIT_USAGE = 2, EXIT_UNSUPPORTED = 3 };

#define NS_PER_S INT64_C(1000000000)

/* Return whether the text is a number from least to most. */
bool parse_number(const char *text, long least, long most, long *out);

/* Block SIGINT and SIGTERM. Returns the mask for the wait, which lets them in. */
sigset_t end_signals_block(void);
/* Return whether one of them has come. Ready slots win over a signal, so this also checks for
 * pending signals, with a system call. */
bool end_signal_came(void);
/* Return the signal that has come, or 0. */
int end_signal(void);

/* Listen on a port of 127.0.0.1 or of all IPv4 addresses. A port of 0 is replaced by the one that
 * was chosen. Returns a non-blocking fd or a negative errno value. */
int listen_on(uint16_t *port, bool all_addresses);

/* Return the time of CLOCK_MONOTONIC. */
int64_t now_ns(void);

#endif
