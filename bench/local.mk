# SPDX-License-Identifier: ISC
#
# `make bench` builds and runs the benchmark, in about two minutes; plain make builds none of it,
# and nothing of it is installed.

EXTRA_PROGRAMS = bench/measure bench/native bench/run

bench_run_SOURCES = bench/bench.h bench/fds.c bench/report.c bench/result.h bench/run.c bench/sleeper.c
bench_run_LDADD = -lm -lpthread

bench_worker = bench/bench.h bench/fds.c bench/sleeper.c bench/worker.c bench/workloads.h

bench_native_SOURCES = $(bench_worker) \
	bench/loop_epoll.c \
	bench/loop_fdslots.c \
	bench/loop_poll.c \
	bench/native.c
bench_native_LDFLAGS = -static
bench_native_LDADD = libfdslots.la -lpthread

# The constants of src/cost.h, for configure.
bench_measure_LDFLAGS = -static
bench_measure_LDADD = libfdslots.la

bench-measure: bench/measure
	bench/measure

CLEANFILES += $(EXTRA_PROGRAMS) bench/results.csv

bench: bench/run bench/native
	bench/run -o bench/results.csv bench/native

.PHONY: bench bench-measure
