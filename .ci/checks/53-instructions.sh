#!/bin/bash
# SPDX-License-Identifier: ISC
#
# What a call costs in instructions, held against ceilings.
. .ci/lib.sh
configure
make -C "$BUILD" -j "$jobs" bench/instructions
cd "$BUILD"
CI=true sh ../../bench/instructions.test
