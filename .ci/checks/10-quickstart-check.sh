#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Runs what a newcomer runs, from a terminal that has left some fds open. Nothing may be skipped
# here: a test that cannot run on this machine is a failure.
. .ci/lib.sh
./quickstart check 5</dev/null 8</dev/null 12</dev/null | tee "$BUILD/out"
grep -qx '[0-9]* passed, 0 failed, 0 skipped' "$BUILD/out"
