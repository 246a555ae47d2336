#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Everything compiles without a warning by gcc, which is what has built the tests of
# 10-quickstart-check.sh.
. .ci/lib.sh
configure CC=gcc CXX=g++
make -C "$BUILD" -j "$jobs" all
make -C "$BUILD" -j "$jobs" check TESTS=
