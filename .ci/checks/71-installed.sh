#!/bin/bash
# SPDX-License-Identifier: ISC
#
# The library as a user has it: installed, found by pkg-config, linked shared and static, also by
# tcc, which lacks gcc's library of helpers, and by the installed sources of the examples, found by
# CMake and by Meson, and uninstalled again.
# shellcheck disable=SC2046 # pkg-config prints words
. .ci/lib.sh
skip_where_libtool_fails
install_packages tcc
prefix=/opt/fdslots
configure --prefix=$prefix
make -C "$BUILD" -j "$jobs" install DESTDIR="$BUILD/root"

make -C "$BUILD" installcheck DESTDIR="$BUILD/root" | tee "$BUILD/consumers"

cd "$BUILD"
export PKG_CONFIG_PATH=root$prefix/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=root
compile() { gcc -D_GNU_SOURCE -Wall -Werror ../../examples/pipes.c "$@"; }
pkg-config --modversion fdslots
compile -o shared $(pkg-config --cflags --libs fdslots)
LD_LIBRARY_PATH=root$prefix/lib ldd shared | grep "libfdslots.so.* => root$prefix/lib/"
LD_LIBRARY_PATH=root$prefix/lib ./shared
compile -o static -static $(pkg-config --static --cflags --libs fdslots)
./static
tcc -D_GNU_SOURCE ../../examples/pipes.c -o tcc $(pkg-config --static --cflags fdslots) \
    root$prefix/lib/libfdslots.a
./tcc

# As fdslots-howto(7) says.
examples=root$prefix/share/doc/fdslots/examples
for program in echo forward http signals static-memory workers; do
    gcc -D_GNU_SOURCE -Wall -Werror -o "$program" "$examples/$program"*.c \
        "$examples"/{server,deadlines}.c $(pkg-config --cflags --libs fdslots)
done

make uninstall DESTDIR="$BUILD/root"
left=$(find root ! -type d)
[ -z "$left" ]
grep -x '[0-9]* passed, 0 failed, 0 skipped' consumers
