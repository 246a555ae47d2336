/* SPDX-License-Identifier: ISC
 *
 * Threads that each wait on a buffer of their own, made and used by all at the same moment, and
 * hand a token on by waking the next one's buffer.
 */
#ifndef TESTS_RING_H
#define TESTS_RING_H

/* So many laps; afterwards the same with fresh buffers a few times. Ends the program on a failure.
 */
void ring_run(long laps);

#endif
