#!/bin/bash
# SPDX-License-Identifier: ISC
#
# A machine of 32 bits, with a time_t of 64 bits, and the short one in the tests that know of time.
# Run by the kernel of this one.
. .ci/lib.sh
triplet=i686-linux-gnu
install_packages g{cc,++}-$triplet
check_for i386
libraries=/usr/$triplet/lib
export LDFLAGS="-Wl,--dynamic-linker=$libraries/ld-linux.so.2,-rpath=$libraries"
time64='-D_TIME_BITS=64 -D_FILE_OFFSET_BITS=64'
configure --host=$triplet CXX=$triplet-g++ CPPFLAGS="$time64"
make_check

make -C "$BUILD" clean
make -C "$BUILD" -j "$jobs" CPPFLAGS= tests/check_fdslots tests/differential
cd "$BUILD"
for suite in timeout timeouts 'time of epoll' signals cost; do
    CK_RUN_SUITE=$suite tests/check_fdslots
done
tests/differential
