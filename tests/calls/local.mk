# SPDX-License-Identifier: ISC
#
# What the library asks of the system, observed from outside: memory and system calls.

check_PROGRAMS += tests/checked tests/huge_pages tests/no_alloc tests/syscalls
TESTS += tests/huge_pages tests/no_alloc tests/syscalls tests/calls/environment.test
EXTRA_DIST += tests/calls/environment.test
if WRAP
check_PROGRAMS += tests/cut_short tests/late_fallback tests/written_events
TESTS += tests/cut_short tests/late_fallback tests/written_events
endif

calls_entries = \
	tests/support/entry.c \
	tests/support/entry.h \
	tests/support/env.c \
	tests/support/env.h
calls_wrap = -static -Wl,--wrap=poll -Wl,--wrap=ppoll

tests_checked_SOURCES = tests/calls/checked.c
tests_checked_LDFLAGS = -static
tests_checked_LDADD = libfdslots.la

tests_cut_short_SOURCES = tests/calls/cut_short.c tests/calls/wrapped_poll.h $(calls_entries)
tests_cut_short_CPPFLAGS = $(support_cppflags)
tests_cut_short_LDFLAGS = $(calls_wrap)
tests_cut_short_LDADD = libfdslots.la

tests_late_fallback_SOURCES = tests/calls/late_fallback.c tests/calls/wrapped_poll.h $(calls_entries)
tests_late_fallback_CPPFLAGS = $(support_cppflags)
tests_late_fallback_LDFLAGS = $(calls_wrap)
tests_late_fallback_LDADD = libfdslots.la

tests_huge_pages_SOURCES = tests/calls/huge_pages.c $(calls_entries)
tests_huge_pages_CPPFLAGS = $(support_cppflags)
tests_huge_pages_LDFLAGS = -static
tests_huge_pages_LDADD = libfdslots.la

tests_no_alloc_SOURCES = \
	tests/calls/no_alloc.c \
	tests/support/env.c \
	tests/support/env.h \
	tests/support/exercise.c \
	tests/support/exercise.h
tests_no_alloc_CPPFLAGS = $(support_cppflags)
tests_no_alloc_LDFLAGS = -static
tests_no_alloc_LDADD = libfdslots.la

tests_syscalls_SOURCES = \
	tests/calls/syscalls.c \
	tests/calls/syscalls.h \
	tests/calls/syscalls_epoll.c \
	tests/calls/tracer.c \
	tests/calls/tracer.h \
	tests/support/env.c \
	tests/support/env.h
tests_syscalls_CPPFLAGS = $(support_cppflags)
tests_syscalls_LDFLAGS = -static
tests_syscalls_LDADD = libfdslots.la

tests_written_events_SOURCES = tests/calls/written_events.c tests/calls/wrapped_poll.h $(calls_entries)
tests_written_events_CPPFLAGS = $(support_cppflags)
tests_written_events_LDFLAGS = $(calls_wrap)
tests_written_events_LDADD = libfdslots.la
