# SPDX-License-Identifier: ISC
#
# The Check suites, one file each, in one program.

if HAVE_CHECK
check_PROGRAMS += tests/check_fdslots
TESTS += tests/check_fdslots
endif

tests_check_fdslots_SOURCES = \
	tests/support/alarm.c \
	tests/support/alarm.h \
	tests/support/asleep.c \
	tests/support/asleep.h \
	tests/support/child.c \
	tests/support/child.h \
	tests/support/common.c \
	tests/support/common.h \
	tests/support/entry.c \
	tests/support/entry.h \
	tests/support/env.c \
	tests/support/env.h \
	tests/support/exercise.c \
	tests/support/exercise.h \
	tests/support/fds.c \
	tests/support/fds.h \
	tests/support/fds_file.c \
	tests/support/fds_kernel.c \
	tests/support/fds_kinds.h \
	tests/support/fds_made.c \
	tests/support/fds_net.c \
	tests/support/fds_pipe.c \
	tests/support/fds_tcp.c \
	tests/support/fds_unix.c \
	tests/support/filter.c \
	tests/support/filter.h \
	tests/support/keep_prices.c \
	tests/support/keep_prices.h \
	tests/support/kernel.c \
	tests/support/kernel.h \
	tests/support/odd.c \
	tests/support/odd.h \
	tests/support/odd_bpf.c \
	tests/support/odd_perf.c \
	tests/support/odd_ring.c \
	tests/support/odd_xdp.c \
	tests/support/one_time.c \
	tests/support/one_time.h \
	tests/support/oracle.c \
	tests/support/oracle.h \
	tests/support/sets.c \
	tests/support/sets.h \
	tests/support/snapshot.c \
	tests/support/snapshot.h \
	tests/support/suites.h \
	tests/support/watches.c \
	tests/support/watches.h \
	tests/unit/clients.c \
	tests/unit/clients.h \
	tests/unit/hostile.h \
	tests/unit/hostile_calls.c \
	tests/unit/kept.c \
	tests/unit/kept.h \
	tests/unit/main.c \
	tests/unit/pair.c \
	tests/unit/pair.h \
	tests/unit/player.c \
	tests/unit/player.h \
	tests/unit/settled.c \
	tests/unit/settled.h \
	tests/unit/test_bad_input.c \
	tests/unit/test_cancel.c \
	tests/unit/test_check.c \
	tests/unit/test_check_close.c \
	tests/unit/test_check_kept.c \
	tests/unit/test_child_fds.c \
	tests/unit/test_choice.c \
	tests/unit/test_close_shared.c \
	tests/unit/test_edge.c \
	tests/unit/test_edge_rearm.c \
	tests/unit/test_epoll_calls.c \
	tests/unit/test_epoll_files.c \
	tests/unit/test_epoll_limits.c \
	tests/unit/test_epoll_time.c \
	tests/unit/test_exclusive.c \
	tests/unit/test_exclusive_ghost.c \
	tests/unit/test_fairness.c \
	tests/unit/test_few_changes.c \
	tests/unit/test_filters.c \
	tests/unit/test_fork.c \
	tests/unit/test_generation.c \
	tests/unit/test_generations.c \
	tests/unit/test_ghost_rent.c \
	tests/unit/test_growth.c \
	tests/unit/test_ghosts.c \
	tests/unit/test_hostile.c \
	tests/unit/test_hostile_fds.c \
	tests/unit/test_index_set.c \
	tests/unit/test_iteration.c \
	tests/unit/test_limits.c \
	tests/unit/test_low_fds.c \
	tests/unit/test_machines.c \
	tests/unit/test_many.c \
	tests/unit/test_memory.c \
	tests/unit/test_nesting.c \
	tests/unit/test_no_epoll.c \
	tests/unit/test_no_wake.c \
	tests/unit/test_odd_askers.c \
	tests/unit/test_odd_files.c \
	tests/unit/test_one_time.c \
	tests/unit/test_one_time_wait.c \
	tests/unit/test_oneshot.c \
	tests/unit/test_own_fds.c \
	tests/unit/test_polled.c \
	tests/unit/test_polled_sleep.c \
	tests/unit/test_polled_turns.c \
	tests/unit/test_pressure.c \
	tests/unit/test_prices.c \
	tests/unit/test_ready.c \
	tests/unit/test_rebuilds.c \
	tests/unit/test_refusals.c \
	tests/unit/test_refused.c \
	tests/unit/test_refused_calls.c \
	tests/unit/test_revents.c \
	tests/unit/test_sandbox.c \
	tests/unit/test_settled.c \
	tests/unit/test_settled_changes.c \
	tests/unit/test_shortage.c \
	tests/unit/test_signals.c \
	tests/unit/test_slots.c \
	tests/unit/test_text.c \
	tests/unit/test_timeout.c \
	tests/unit/test_timeouts.c \
	tests/unit/test_waker.c \
	tests/unit/test_waker_child.c \
	tests/unit/test_watches.c
tests_check_fdslots_CPPFLAGS = $(support_cppflags) -I$(top_srcdir)/src
tests_check_fdslots_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_check_fdslots_LDFLAGS = -static
tests_check_fdslots_LDADD = libfdslots.la $(CHECK_LIBS)
