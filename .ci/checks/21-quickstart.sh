#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Runs ./quickstart for the examples. A second run has nothing to configure, a machine with only
# what the library needs is enough, and another compiler takes effect and stays.
. .ci/lib.sh
./quickstart
./quickstart | tee "$BUILD/out"
if grep configuring "$BUILD/out"; then exit 1; fi

# Only the tools of this machine that the library needs are available. Those for the tests are left
# out, and nothing can be installed.
mkdir "$BUILD/bin" "$BUILD/copy"
ln -s /usr/bin/* "$BUILD/bin"
rm -f "$BUILD"/bin/{*c++*,*g++*,clang*,curl,mandoc,apt-get}
printf '#!/bin/sh\nexit 1\n' >"$BUILD/bin/apt-get"
chmod +x "$BUILD/bin/apt-get"
tracked | tar -c --null -T - | tar -x -C "$BUILD/copy"
cd "$BUILD/copy"
export PATH=$BUILD/bin PKG_CONFIG_LIBDIR=/nonexistent
./quickstart | grep -x 'fd [0-9]* (from index 0) can be read without blocking'
[ ! -e build/examples/http ]
if ./quickstart check 2>message; then exit 1; fi
grep 'apt-get install -y check curl g++ mandoc' message

CC='gcc -pipe' ./quickstart | grep -x 'quickstart: configuring in build/'
CC='gcc -pipe' ./quickstart >out
./quickstart >>out
if grep configuring out; then exit 1; fi
grep -x 'CC = gcc -pipe' build/Makefile
