#!/bin/bash
# SPDX-License-Identifier: ISC
#
# A machine of 32 bits, with a time_t of 64 bits (CPPFLAGS= builds for the short one). Run by the
# kernel of this one. tests/faults/faults is not: that time_t gives other names to the functions that
# it takes the place of.
. .ci/lib.sh
triplet=i686-linux-gnu
install_packages g{cc,++}-$triplet
check_for i386
libraries=/usr/$triplet/lib
export LDFLAGS="-Wl,--dynamic-linker=$libraries/ld-linux.so.2,-rpath=$libraries"
time64='-D_TIME_BITS=64 -D_FILE_OFFSET_BITS=64'
configure --host=$triplet CXX=$triplet-g++ CPPFLAGS="$time64"
make -C "$BUILD" -j "$jobs"
make_check TESTS="$(echo tests/{header,symbols}.test tests/{no_alloc,syscalls,differential,check_fdslots}) \
    examples/test-echo.sh examples/test-signals.sh"
