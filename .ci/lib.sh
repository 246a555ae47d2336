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

# Install what is missing. Where two packages exclude each other, the one that is there stays.
install_packages() {
    dpkg -s "$@" >/dev/null 2>&1 && return
    export DEBIAN_FRONTEND=noninteractive
    apt-get update
    apt-get install -y --no-install-recommends --no-remove -o Acquire::Retries=3 "$@"
}

# Let configure find Check for another of Debian's architectures, and no other library. What else is
# wanted of that architecture is unpacked beside it.
check_for() { # ARCHITECTURE [PACKAGE...]
    .ci/sysroot "$BUILD/$1" "$1" check libsubunit-dev "${@:2}"
    PKG_CONFIG_LIBDIR=$(echo "$BUILD/$1"/root/usr/lib/*/pkgconfig)
    export PKG_CONFIG_LIBDIR PKG_CONFIG_SYSROOT_DIR=$BUILD/$1/root
}
