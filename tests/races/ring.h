/* SPDX-License-Identifier: ISC
 *
 * A ring of threads. Each waits on a buffer of its own, and all buffers are made and used at the
 * same moment. A thread passes a token on by waking the next one's buffer.
 */
#ifndef TESTS_RING_H
#define TESTS_RING_H

/* Run `laps` laps, and then the same a few times with fresh buffers. Ends the program on
 * failure. */
void ring_run(long laps);

#endif
