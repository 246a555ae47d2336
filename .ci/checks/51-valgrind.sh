#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Memory errors and leaks in every test program. libtool runs the program itself instead of its
# wrapper. The tests run in one process, as under the sanitizers.
. .ci/lib.sh
take_gcc_build
CK_EXCLUDE_TAGS=long CK_FORK=no make_check LOG_COMPILER='./libtool --mode=execute ../../.ci/memcheck'
