# SPDX-License-Identifier: ISC
#
# Programs and scripts that stand alone. Programs link the static library: they can be given to valgrind and gdb as they are, and
# see the internals of src/.

TEST_EXTENSIONS = .test
TEST_LOG_COMPILER = $(SHELL)
AM_TESTS_ENVIRONMENT = \
	CC='$(CC)'; CFLAGS='$(CFLAGS)'; LDFLAGS='$(LDFLAGS)'; CXX='$(CXX)'; CXXFLAGS='$(CXXFLAGS)'; \
	NM='$(NM)'; export CC CFLAGS LDFLAGS CXX CXXFLAGS NM;

dist_check_SCRIPTS = tests/header.test tests/symbols.test
check_PROGRAMS += tests/no_alloc tests/syscalls
TESTS += $(dist_check_SCRIPTS) tests/no_alloc tests/syscalls

tests_no_alloc_SOURCES = tests/env.c tests/env.h tests/exercise.c tests/exercise.h tests/no_alloc.c
tests_no_alloc_LDFLAGS = -static
tests_no_alloc_LDADD = libfdslots.la

tests_syscalls_SOURCES = tests/env.c tests/env.h tests/syscalls.c tests/tracer.c tests/tracer.h
tests_syscalls_LDFLAGS = -static
tests_syscalls_LDADD = libfdslots.la

