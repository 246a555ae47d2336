#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Errors of memory and leaks, in each test program. libtool puts the program for its wrapper.
# In one process, as under the sanitizers.
. .ci/lib.sh
configure
CK_EXCLUDE_TAGS=long CK_FORK=no make_check LOG_COMPILER='./libtool --mode=execute ../../.ci/memcheck'
