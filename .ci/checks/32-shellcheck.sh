#!/bin/bash
# SPDX-License-Identifier: ISC
. .ci/lib.sh
tracked | xargs -0 grep -lZE '^#!/bin/(ba)?sh|^# shellcheck shell=' >"$BUILD/scripts"
tracked '*.sh' >>"$BUILD/scripts"
sort -zu "$BUILD/scripts" | xargs -0 shellcheck --external-sources --exclude=SC2119
