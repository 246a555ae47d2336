#!/bin/bash
# SPDX-License-Identifier: ISC
#
# The examples; and that a second run has nothing to configure.
. .ci/lib.sh
./quickstart | tee "$BUILD/out"
if grep configuring "$BUILD/out"; then exit 1; fi
