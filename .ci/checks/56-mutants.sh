#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Tests the tests: breaks the library in some of the places of tests/mutants.txt, and a test must
# notice every one. `make mutants` tries all of them.
. .ci/lib.sh
configure
EVERY=7 make -C "$BUILD" mutants
