#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Two opinions of shellcheck are left out: on "a && b || fail" (SC2015) and on functions called without arguments.
. .ci/lib.sh
tracked | xargs -0 grep -lZE '^#!/bin/(ba)?sh|^# shellcheck shell=' >"$BUILD/scripts"
tracked '*.sh' >>"$BUILD/scripts"
sort -zu "$BUILD/scripts" | xargs -0 shellcheck --external-sources --exclude=SC2015,SC2119
