#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Data races in everything that has threads: the waker, many wakers in a storm of signals, and the
# examples with threads.
. .ci/lib.sh
configure CC=gcc CFLAGS='-g -O1 -fsanitize=thread' CXXFLAGS=-fsanitize=thread
make -C "$BUILD" -j "$jobs" tests/check_fdslots examples/{workers,echo}
(cd "$BUILD" && CK_RUN_SUITE=waker CK_FORK=no tests/check_fdslots)
check_only tests/stress_threads examples/test-{workers,echo}.sh
