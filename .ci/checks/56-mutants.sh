#!/bin/bash
# SPDX-License-Identifier: ISC
#
# The tests, tested: the library is broken in the places of tests/mutants.txt, and each is noticed.
. .ci/lib.sh
configure
make -C "$BUILD" mutants
