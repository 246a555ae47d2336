#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Memory errors and leaks in every test program. libtool runs the program itself instead of its
# wrapper.
. .ci/lib.sh
take_gcc_build
CK_EXCLUDE_TAGS=long make_check LOG_COMPILER='./libtool --mode=execute ../../.ci/memcheck'
