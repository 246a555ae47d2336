#!/bin/bash
# SPDX-License-Identifier: ISC
. .ci/lib.sh
configure CC=clang CXX=clang++
make_check
