#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Errors of memory and leaks, in each test program. libtool puts the program for its wrapper.
. .ci/lib.sh
configure
make_check LOG_COMPILER='./libtool --mode=execute ../../.ci/memcheck'
