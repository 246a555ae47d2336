#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Memory errors, leaks and undefined behaviour.
. .ci/lib.sh
flags='-g -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all'
configure CC=gcc CFLAGS="$flags" CXXFLAGS="$flags"
make_check
