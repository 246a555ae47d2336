#!/bin/bash
# SPDX-License-Identifier: ISC
#
# A build as for a system without ppoll(2), and the tests of what it changes.
. .ci/lib.sh
configure --disable-ppoll
make_check TESTS="tests/check_fdslots tests/differential tests/faults/faults tests/cut_short \
    tests/no_alloc tests/syscalls tests/stress_sigchld tests/stress_threads fuzz/replay.test"
