# shellcheck shell=bash
# SPDX-License-Identifier: ISC
#
# What the checks share; each sources it, in the root of the tree, with $BUILD set by .ci/run.
set -euxo pipefail

jobs=$(nproc)

# In $BUILD, build-ci/NAME. By a relative path: autotools take a space in the path only so.
configure() {
    [ -f configure ] || autoreconf -i # a check run alone
    (cd "$BUILD" && ../../configure --quiet --enable-werror "$@")
}

# make check; ends with the number of tests.
make_check() {
    local status=0
    make -C "$BUILD" -j "$jobs" check VERBOSE=1 "$@" || status=$?
    .ci/count "$BUILD" || status=1
    return "$status"
}

# libtool does not install where the path has a space; everything else here works there too.
skip_where_libtool_fails() {
    [[ $BUILD == *[[:space:]]* ]] || return 0
    echo "not here: libtool cannot install in $BUILD"
    echo '0 passed, 0 failed, 1 skipped'
    exit
}

# The tracked files with these patterns, to xargs -0. A clone may belong to another user.
tracked() {
    git -c safe.directory='*' ls-files -z -- "$@"
}
