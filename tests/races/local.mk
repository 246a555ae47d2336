# SPDX-License-Identifier: ISC
#
# Races. These programs fail by hanging.

check_PROGRAMS += tests/stress_sigchld tests/stress_threads
TESTS += tests/stress_sigchld tests/stress_threads

tests_stress_sigchld_SOURCES = \
	tests/races/guard.c \
	tests/races/guard.h \
	tests/races/stress_sigchld.c \
	tests/support/entry.c \
	tests/support/entry.h \
	tests/support/env.c \
	tests/support/env.h
tests_stress_sigchld_CPPFLAGS = $(support_cppflags)
tests_stress_sigchld_LDFLAGS = -static
tests_stress_sigchld_LDADD = libfdslots.la

tests_stress_threads_SOURCES = \
	tests/races/guard.c \
	tests/races/guard.h \
	tests/races/ring.c \
	tests/races/ring.h \
	tests/races/stress_threads.c \
	tests/support/entry.c \
	tests/support/entry.h \
	tests/support/env.c \
	tests/support/env.h
tests_stress_threads_CPPFLAGS = $(support_cppflags)
tests_stress_threads_LDFLAGS = -static
tests_stress_threads_LDADD = libfdslots.la
