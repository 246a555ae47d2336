#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Memory errors and undefined behaviour. The tests run in one process, because every fork of an
# instrumented one, with its search for leaks at the end, takes longer than most tests.
. .ci/lib.sh
flags='-g -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all'
configure CC=gcc CFLAGS="$flags" CXXFLAGS="$flags"
CK_FORK=no make_check
