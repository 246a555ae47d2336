/* SPDX-License-Identifier: ISC
 *
 * What a wait costs, in tenths of a nanosecond, as measured on Linux 6.18 (x86-64). `make
 * bench-measure` measures them anew (bench/measure.c); give what it prints to configure as
 * CPPFLAGS.
 */
#ifndef FDSLOTS_PRICES_H
#define FDSLOTS_PRICES_H

#ifndef COST_POLL_CALL
#define COST_POLL_CALL 2500 /* poll(2) on no slots */
#endif
/* And for each slot in use: 260 for an eventfd, 280 for a pipe, 460 for a Unix socket, 550 for a
 * TCP socket. Of which kind a slot is, nobody says. */
#ifndef COST_POLL_SLOT
#define COST_POLL_SLOT 300
#endif
/* More where it may block: for each slot before the first ready one. */
#ifndef COST_POLL_QUEUE
#define COST_POLL_QUEUE 1350
#endif
#ifndef COST_POLL_HOLE
#define COST_POLL_HOLE 17 /* for each empty or paused slot between */
#endif
#ifndef COST_EPOLL_CALL
#define COST_EPOLL_CALL 1520 /* epoll_wait(2) with nothing ready */
#endif
#ifndef COST_EPOLL_REPORT
#define COST_EPOLL_REPORT 1410 /* more where something is */
#endif
#ifndef COST_EPOLL_READY
#define COST_EPOLL_READY 910 /* and for each ready slot */
#endif
#ifndef COST_EPOLL_MOD
#define COST_EPOLL_MOD 3050 /* epoll_ctl(2) */
#endif
#ifndef COST_EPOLL_ADD
#define COST_EPOLL_ADD 6700 /* the same for DEL */
#endif
#ifndef COST_CHANGE
#define COST_CHANGE 80 /* looking at a changed slot, whether or not the kernel must hear of it */
#endif

#endif
