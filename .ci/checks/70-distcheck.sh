#!/bin/bash
# SPDX-License-Identifier: ISC
#
# The tarball is complete, builds from a read-only tree, installs and uninstalls cleanly, and with
# the two commands in README.md it prints what README.md says. ./quickstart check runs the tests of the
# unpacked tarball, so that distcheck runs only some.
. .ci/lib.sh
skip_where_libtool_fails
configure
make -C "$BUILD" -j "$jobs" distcheck DISTCHECK_CONFIGURE_FLAGS=--enable-werror \
    TESTS=tests/no_alloc
mkdir "$BUILD/unpacked"
tar -xf "$BUILD"/fdslots-*.tar.xz -C "$BUILD/unpacked" --strip-components=1
"$BUILD/unpacked/quickstart"
CK_FORK=no "$BUILD/unpacked/quickstart" check

block() { # LANGUAGE: the first such block of README.md
    awk -v fence="\`\`\`$1" '$0 == fence { inside = 1; next } inside && /^```/ { exit } inside' README.md
}
cd "$BUILD/unpacked"
block c >program.c
mkdir home
HOME=$PWD/home sh -e -c "$(block sh)" | tail -n 3 | diff -u <(block text) -
