#!/bin/bash
# SPDX-License-Identifier: ISC
. .ci/lib.sh
configure CC=gcc CXX=g++
make_check
