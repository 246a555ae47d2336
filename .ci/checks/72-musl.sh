#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Another C library. Debian has no Check for it, so only the tests that do without Check and the
# examples run. The kernel's headers come after those of the C library.
. .ci/lib.sh
configure CC=musl-gcc PKG_CONFIG=false \
    CPPFLAGS="-idirafter /usr/include -idirafter /usr/include/$(gcc -print-multiarch)"
make -C "$BUILD" -j "$jobs"
"$BUILD/examples/pipes"
"$BUILD/examples/echo" --self-test 100
check_only tests/{differential,no_alloc,syscalls} examples/test-static-memory.sh
