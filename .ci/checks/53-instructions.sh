#!/bin/bash
# SPDX-License-Identifier: ISC
#
# The instructions of every call, compared with ceilings.
. .ci/lib.sh
take_gcc_build
make -C "$BUILD" -j "$jobs" bench/instructions
cd "$BUILD"
CI=true sh ../../bench/instructions.test
