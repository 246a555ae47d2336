# SPDX-License-Identifier: ISC
#
# tests/check_fdslots holds the Check suites, one file each; the other programs and scripts stand
# alone. Programs link the static library: they can be given to valgrind and gdb as they are, and
# see the internals of src/.

TEST_EXTENSIONS = .test
TEST_LOG_COMPILER = $(SHELL)
AM_TESTS_ENVIRONMENT = \
	CC='$(CC)'; CFLAGS='$(CFLAGS)'; LDFLAGS='$(LDFLAGS)'; CXX='$(CXX)'; CXXFLAGS='$(CXXFLAGS)'; \
	NM='$(NM)'; export CC CFLAGS LDFLAGS CXX CXXFLAGS NM;

dist_check_SCRIPTS = tests/header.test tests/symbols.test tests/testing.test
check_PROGRAMS += tests/no_alloc tests/syscalls
EXTRA_DIST += tests/coverage_exit.c tests/uncovered.txt
TESTS += $(dist_check_SCRIPTS) tests/no_alloc tests/syscalls

tests_no_alloc_SOURCES = tests/env.c tests/env.h tests/exercise.c tests/exercise.h tests/no_alloc.c
tests_no_alloc_LDFLAGS = -static
tests_no_alloc_LDADD = libfdslots.la

tests_syscalls_SOURCES = \
	tests/env.c \
	tests/env.h \
	tests/syscalls.c \
	tests/syscalls.h \
	tests/syscalls_epoll.c \
	tests/tracer.c \
	tests/tracer.h
tests_syscalls_LDFLAGS = -static
tests_syscalls_LDADD = libfdslots.la

if HAVE_CHECK
check_PROGRAMS += tests/check_cost tests/check_fdslots
TESTS += tests/check_cost tests/check_fdslots
endif

tests_check_fdslots_SOURCES = \
	tests/alarm.c \
	tests/alarm.h \
	tests/child.c \
	tests/child.h \
	tests/common.c \
	tests/common.h \
	tests/entry.c \
	tests/entry.h \
	tests/env.c \
	tests/env.h \
	tests/exercise.c \
	tests/exercise.h \
	tests/fds.c \
	tests/fds.h \
	tests/fds_file.c \
	tests/fds_kinds.h \
	tests/fds_pipe.c \
	tests/fds_tcp.c \
	tests/fds_unix.c \
	tests/filter.c \
	tests/filter.h \
	tests/hostile.h \
	tests/hostile_calls.c \
	tests/kernel.c \
	tests/kernel.h \
	tests/kept.c \
	tests/kept.h \
	tests/main.c \
	tests/oracle.c \
	tests/oracle.h \
	tests/snapshot.c \
	tests/snapshot.h \
	tests/test_bad_input.c \
	tests/test_check.c \
	tests/test_check_kept.c \
	tests/test_edge.c \
	tests/test_epoll_calls.c \
	tests/test_epoll_files.c \
	tests/test_epoll_limits.c \
	tests/test_epoll_time.c \
	tests/test_exclusive.c \
	tests/test_fairness.c \
	tests/test_few_changes.c \
	tests/test_fork.c \
	tests/test_ghosts.c \
	tests/test_cost.c \
	tests/test_hostile.c \
	tests/test_hostile_fds.c \
	tests/test_index_set.c \
	tests/test_limits.c \
	tests/test_many.c \
	tests/test_memory.c \
	tests/test_nesting.c \
	tests/test_no_epoll.c \
	tests/test_oneshot.c \
	tests/test_own_fds.c \
	tests/test_ready.c \
	tests/test_revents.c \
	tests/test_signals.c \
	tests/test_slots.c \
	tests/test_text.c \
	tests/test_timeout.c \
	tests/test_timeouts.c \
	tests/test_waker.c \
	tests/test_watches.c \
	tests/watches.c \
	tests/watches.h
tests_check_fdslots_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/src
tests_check_fdslots_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_check_fdslots_LDFLAGS = -static
tests_check_fdslots_LDADD = libfdslots.la $(CHECK_LIBS)

# Its own src/cost.c stands before that of the library.
tests_check_cost_SOURCES = \
	src/cost.c \
	src/cost.h \
	tests/check_cost.c \
	tests/common.c \
	tests/common.h \
	tests/test_cost.c
tests_check_cost_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/src -DCOST_POLL_SLOT=150
tests_check_cost_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_check_cost_LDFLAGS = -static
tests_check_cost_LDADD = libfdslots.la $(CHECK_LIBS)

# ---- random programs against poll(2) ----
check_PROGRAMS += tests/differential
TESTS += tests/differential
model_sources = \
	tests/entry.c \
	tests/entry.h \
	tests/model.c \
	tests/model.h \
	tests/model_calls.c \
	tests/model_compare.c \
	tests/model_ops.c \
	tests/model_world.h \
	tests/objects.c \
	tests/objects.h \
	tests/pokes.c \
	tests/sleeper.c \
	tests/sleeper.h
tests_differential_SOURCES = tests/differential.c $(model_sources)
tests_differential_LDFLAGS = -static
tests_differential_LDADD = libfdslots.la

# ---- races: what fails hangs ----
check_PROGRAMS += tests/stress_sigchld tests/stress_threads
TESTS += tests/stress_sigchld tests/stress_threads
tests_stress_sigchld_SOURCES = \
	tests/entry.c \
	tests/entry.h \
	tests/env.c \
	tests/env.h \
	tests/guard.c \
	tests/guard.h \
	tests/stress_sigchld.c
tests_stress_sigchld_LDFLAGS = -static
tests_stress_sigchld_LDADD = libfdslots.la

tests_stress_threads_SOURCES = \
	tests/entry.c \
	tests/entry.h \
	tests/env.c \
	tests/env.h \
	tests/guard.c \
	tests/guard.h \
	tests/ring.c \
	tests/ring.h \
	tests/stress_threads.c
tests_stress_threads_LDFLAGS = -static
tests_stress_threads_LDADD = libfdslots.la

# ---- every system call fails ----
# The linker puts the functions of tests/fault.c in the place of the system's.
if WRAP
check_PROGRAMS += tests/faults
TESTS += tests/faults
endif
tests_faults_SOURCES = \
	tests/env.c \
	tests/env.h \
	tests/fault.c \
	tests/fault.h \
	tests/fault_look.c \
	tests/fault_scenarios.c \
	tests/fault_scenarios.h \
	tests/fault_special.c \
	tests/fault_world.c \
	tests/fault_world.h \
	tests/faults.c
tests_faults_LDFLAGS = -static \
	-Wl,--wrap=clock_gettime \
	-Wl,--wrap=close \
	-Wl,--wrap=epoll_create1 \
	-Wl,--wrap=epoll_ctl \
	-Wl,--wrap=epoll_pwait \
	-Wl,--wrap=epoll_pwait2 \
	-Wl,--wrap=epoll_wait \
	-Wl,--wrap=eventfd \
	-Wl,--wrap=fcntl \
	-Wl,--wrap=free \
	-Wl,--wrap=madvise \
	-Wl,--wrap=malloc \
	-Wl,--wrap=pipe \
	-Wl,--wrap=poll \
	-Wl,--wrap=ppoll \
	-Wl,--wrap=pselect \
	-Wl,--wrap=pthread_atfork \
	-Wl,--wrap=read \
	-Wl,--wrap=sysconf \
	-Wl,--wrap=write
tests_faults_LDADD = libfdslots.la

# ---- the tests, tested ----
EXTRA_DIST += tests/mutants.sh tests/mutants.txt
# mutants=WORD tries only those with the word in their descriptions.
mutants:
	rm -rf mutants.src
	$(MAKE) distdir distdir=mutants.src >/dev/null
	bash $(srcdir)/tests/mutants.sh mutants.src $(mutants); \
	    status=$$?; chmod -R u+w mutants.src && rm -rf mutants.src; exit $$status
.PHONY: mutants
