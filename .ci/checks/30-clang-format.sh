#!/bin/bash
# SPDX-License-Identifier: ISC
. .ci/lib.sh
tracked '*.c' '*.h' | xargs -0 clang-format --dry-run -Werror
