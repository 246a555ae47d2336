#!/bin/bash
# SPDX-License-Identifier: ISC
#
# gcc's analyzer, and clang-tidy with .clang-tidy, on src/ as configure compiles it here.
. .ci/lib.sh
install_packages clang-tidy
configure CC=gcc
export FLAGS
FLAGS=$(sed -n 's/^DEFS = //p' "$BUILD/Makefile")
FLAGS+=' -std=c11 -Iinclude -Isrc'
each() { # HOW-MANY COMMAND-LINE: run the command for this many files of src/ at a time
    tracked 'src/*.c' | xargs -0 -P "$jobs" -n "$1" sh -c "$2" sh
}
# shellcheck disable=SC2016 # for the inner shell to expand
each 1 'eval "gcc -O2 -fanalyzer -Wall -Wextra -Werror $FLAGS -c -o /dev/null \"\$1\"" || exit 255'
# shellcheck disable=SC2016
each 2 'eval "clang-tidy --quiet \"\$@\" -- $FLAGS"'
