#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Another C library. It has no Check, so the examples stand for the tests.
. .ci/lib.sh
configure CC=musl-gcc PKG_CONFIG=false
make -C "$BUILD" -j "$jobs"
"$BUILD/examples/pipes"
"$BUILD/examples/echo" --self-test 100
