#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Another C library. Debian has no Check for it: the tests that do without stand for the rest, and
# the examples. The kernel's headers come after those of the library.
. .ci/lib.sh
configure CC=musl-gcc PKG_CONFIG=false \
    CPPFLAGS="-idirafter /usr/include -idirafter /usr/include/$(gcc -print-multiarch)"
make -C "$BUILD" -j "$jobs"
"$BUILD/examples/pipes"
"$BUILD/examples/echo" --self-test 100
make_check TESTS='tests/differential tests/no_alloc tests/syscalls examples/test-static-memory.sh'
