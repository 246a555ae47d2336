#!/bin/bash
# SPDX-License-Identifier: ISC
. .ci/lib.sh
cppcheck --quiet --enable=warning,performance,portability --std=c11 --inline-suppr \
    --error-exitcode=1 -D_GNU_SOURCE -Iinclude -Isrc src examples
