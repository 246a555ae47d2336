#!/bin/bash
# SPDX-License-Identifier: ISC
#
# A build as for a system without ppoll(2), and the tests of what it changes.
. .ci/lib.sh
configure --disable-ppoll
check_only tests/{check_fdslots,differential,faults/faults,cut_short,no_alloc,syscalls} \
    tests/stress_{sigchld,threads}
