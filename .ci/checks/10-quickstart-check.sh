#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Runs what a newcomer runs. Nothing may be skipped here: a test that cannot run on this machine is
# a failure.
. .ci/lib.sh
./quickstart check | tee "$BUILD/out"
grep -qx '[0-9]* passed, 0 failed, 0 skipped' "$BUILD/out"
