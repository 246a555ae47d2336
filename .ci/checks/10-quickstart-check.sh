#!/bin/bash
# SPDX-License-Identifier: ISC
#
# What a newcomer runs. Here nothing is skipped: what cannot run on this machine is a failure.
. .ci/lib.sh
./quickstart check | tee "$BUILD/out"
grep -qx '[0-9]* passed, 0 failed, 0 skipped' "$BUILD/out"
