#!/bin/bash
# SPDX-License-Identifier: ISC
#
# A 32-bit machine with a 64-bit time_t (CPPFLAGS= builds for the short one). The programs run on
# this machine's kernel. tests/faults/faults is left out, because with that time_t the functions
# that it replaces have other names.
. .ci/lib.sh
triplet=i686-linux-gnu
install_packages g{cc,++}-$triplet
check_for i386
libraries=/usr/$triplet/lib
export LDFLAGS="-Wl,--dynamic-linker=$libraries/ld-linux.so.2,-rpath=$libraries"
time64='-D_TIME_BITS=64 -D_FILE_OFFSET_BITS=64'
configure --host=$triplet CXX=$triplet-g++ CPPFLAGS="$time64"
make -C "$BUILD" -j "$jobs"
echo 'int main(void) { return 0; }' | $triplet-gcc -x c - -static -o "$BUILD/nothing"
if ! "$BUILD/nothing"; then
    echo 'not here: this kernel runs no 32-bit programs'
    echo '0 passed, 0 failed, 1 skipped'
    exit
fi
check_only tests/{header,symbols}.test tests/{no_alloc,syscalls,differential,check_fdslots} \
    examples/test-{echo,signals}.sh
