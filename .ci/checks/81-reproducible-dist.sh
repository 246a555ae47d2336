#!/bin/bash
# SPDX-License-Identifier: ISC
#
# `make dist` produces the same bytes in a copy of the tree with another umask, locale and clock,
# and in the unpacked tarball itself.
. .ci/lib.sh
date=$(git -c safe.directory='*' log -1 --format=%ct)

dist() { # DIRECTORY NAME: make dist there; the tarball is $BUILD/NAME.tar.xz
    make -C "$1" dist
    mv "$1"/fdslots-*.tar.xz "$BUILD/$2.tar.xz"
}

configure
dist "$BUILD" here
dates=$(TZ=UTC tar --full-time -tvf "$BUILD/here.tar.xz" | awk '{ print $4, $5 }' | sort -u)
[ "$dates" = "$(date -u -d "@$date" '+%F %T')" ]

mkdir "$BUILD/copy"
(
    umask 077
    export LC_ALL=C.UTF-8 TZ=Asia/Tokyo SOURCE_DATE_EPOCH=$date
    tracked | tar -c --null -T - | tar -xm -C "$BUILD/copy"
    cd "$BUILD/copy"
    autoreconf -i
    ./configure --quiet
    dist . copy
)
cmp "$BUILD/here.tar.xz" "$BUILD/copy.tar.xz"

mkdir "$BUILD/unpacked"
tar -xf "$BUILD/here.tar.xz" -C "$BUILD/unpacked" --strip-components=1
(
    cd "$BUILD/unpacked"
    ./configure --quiet
    dist . unpacked
)
cmp "$BUILD/here.tar.xz" "$BUILD/unpacked.tar.xz"
sha256sum "$BUILD/here.tar.xz"
