#!/bin/bash
# SPDX-License-Identifier: ISC
#
# The corpus of the fuzzer, and what it makes of it in the rest of 20 seconds.
. .ci/lib.sh
configure CC=clang
make -C "$BUILD" -j "$jobs" fuzz/fuzz
make -C "$BUILD" fuzz FUZZ_TIME=20
