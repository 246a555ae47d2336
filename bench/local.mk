# SPDX-License-Identifier: ISC
#
# `make bench` builds and runs the benchmark, which takes about two minutes. `make bench-files`
# compares kinds of files for which poll and epoll cost about the same, which takes about two more.
# Plain make builds none of this, and nothing of it is installed.

EXTRA_PROGRAMS = bench/measure bench/native bench/run

bench_run_SOURCES = \
	bench/bench.h \
	bench/fds.c \
	bench/files.c \
	bench/grid.c \
	bench/grid.h \
	bench/report.c \
	bench/result.h \
	bench/run.c \
	bench/sleeper.c
bench_run_LDADD = -lm -lpthread

bench_worker = \
	bench/bench.h \
	bench/fds.c \
	bench/files.c \
	bench/sleeper.c \
	bench/worker.c \
	bench/workloads.h

bench_native_SOURCES = $(bench_worker) \
	bench/loop_epoll.c \
	bench/loop_fdslots.c \
	bench/loop_poll.c \
	bench/native.c
bench_native_LDFLAGS = -static
bench_native_LDADD = libfdslots.la -lpthread

# The other libraries have programs of their own, because libev and libevent have symbols in common.
EXTRA_PROGRAMS += bench/libev bench/libevent bench/libuv
bench_libev_SOURCES = $(bench_worker) bench/loop_libev.c
bench_libev_LDADD = -lev -lpthread
bench_libevent_SOURCES = $(bench_worker) bench/loop_libevent.c
bench_libevent_LDADD = -levent_core -lpthread
bench_libuv_SOURCES = $(bench_worker) bench/loop_libuv.c
bench_libuv_LDADD = -luv -lpthread

bench_programs = bench/native
bench_missing =
if HAVE_LIBEV
bench_programs += bench/libev
else
bench_missing += libev
endif
if HAVE_LIBEVENT
bench_programs += bench/libevent
else
bench_missing += libevent
endif
if HAVE_LIBUV
bench_programs += bench/libuv
else
bench_missing += libuv
endif

bench: bench/run $(bench_programs)
	@for peer in $(bench_missing); do echo "$$peer is not installed: left out"; done
	bench/run -o bench/results.csv $(bench_programs)
	$(srcdir)/bench/plot bench/results.csv bench/plots

bench-files: bench/run bench/native
	bench/run -g files -c fdslots_wait,poll,epoll -l 2000 -o bench/files.csv bench/native

# Measure the prices with which fdslots_wait() starts (src/wait/prices.h) on this machine.
bench_measure_LDFLAGS = -static
bench_measure_LDADD = libfdslots.la

bench-measure: bench/measure
	@bench/measure

# Measure what a server of many connections spends when one of them is active.
EXTRA_PROGRAMS += bench/roundtrips
bench_roundtrips_LDADD = libfdslots.la

bench-roundtrips: bench/roundtrips
	@bench/roundtrips

# Count the instructions of every call. CI compares them with ceilings, and `make
# bench-instructions` updates the table in the tree.
EXTRA_PROGRAMS += bench/instructions
EXTRA_DIST += bench/instructions.test bench/instructions.txt bench/plot bench/table
bench_instructions_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/src
bench_instructions_LDFLAGS = -static
bench_instructions_LDADD = libfdslots.la

bench-instructions: bench/instructions
	CFLAGS='$(CFLAGS)' $(SHELL) $(srcdir)/bench/instructions.test >bench/instructions.tmp; \
	    status=$$?; cat bench/instructions.tmp; mv bench/instructions.tmp $(srcdir)/bench/instructions.txt; \
	    exit $$status

CLEANFILES += $(EXTRA_PROGRAMS) bench/results.csv bench/files.csv

.PHONY: bench bench-files bench-instructions bench-measure bench-roundtrips
