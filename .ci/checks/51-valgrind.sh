#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Errors and leaks of each test program, in each process that Check forks.
. .ci/lib.sh
configure
valgrind='valgrind --quiet --error-exitcode=99 --leak-check=full --show-leak-kinds=definite,indirect'
make_check LOG_COMPILER="./libtool --mode=execute $valgrind" CK_TIMEOUT_MULTIPLIER=10
