#!/bin/bash
# SPDX-License-Identifier: ISC
#
# The fuzzer runs its corpus, and mutates it for the rest of 20 seconds.
. .ci/lib.sh
configure CC=clang
make -C "$BUILD" -j "$jobs" fuzz/fuzz
make -C "$BUILD" fuzz FUZZ_TIME=20
