#!/bin/bash
# SPDX-License-Identifier: ISC
#
# The ABI must be the one in abi/. Run `make abi-renew` after an intended change.
. .ci/lib.sh
if [ "$(uname -m)" != x86_64 ]; then
    echo "not here: abi/ holds the ABI of x86-64"
    echo '0 passed, 0 failed, 1 skipped'
    exit
fi
install_packages abigail-tools
configure --disable-static CC=gcc CFLAGS='-g -O2'
make -C "$BUILD" -j "$jobs" libfdslots.la
make -C "$BUILD" abi-check
