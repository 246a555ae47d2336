#!/bin/bash
# SPDX-License-Identifier: ISC
#
# A million random steps, compared with poll(2), from fixed seeds and a fresh one.
. .ci/lib.sh
take_gcc_build
"$BUILD"/tests/differential --steps 1000000
