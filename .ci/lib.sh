# shellcheck shell=bash
# SPDX-License-Identifier: ISC
#
# Shared by the checks. Every check sources this in the root of the tree, with $BUILD set by
# .ci/run.
set -euxo pipefail

jobs=${JOBS:-$(nproc)}

# Configure in $BUILD, which is build-ci/NAME. The path is relative, because autotools accept a
# space in the path only then.
configure() {
    [ -f configure ] || autoreconf -i # a check run alone
    (cd "$BUILD" && ../../configure --quiet --enable-werror "$@")
}

# Take the build of 40-gcc, or make it if that has not run.
take_gcc_build() {
    BUILD=$PWD/build-ci/40-gcc
    mkdir -p "$BUILD"
    (
        flock 9
        [ ! -f "$BUILD/Makefile" ] || exit 0
        configure CC=gcc CXX=g++
        make -C "$BUILD" -j "$jobs" all
        make -C "$BUILD" -j "$jobs" check TESTS=
    ) 9>"$BUILD.lock"
}

# Run `make check`, and print the number of tests at the end. All tests of a program run in one
# process, because a fork takes longer than most tests. 10-quickstart-check.sh forks for each.
make_check() {
    make_tests check "$@"
}

# Run only these tests, and build only their programs. What a script runs must be built before.
check_only() { # TEST... [VARIABLE=VALUE...]
    local tests=()
    while [ $# -gt 0 ] && [[ $1 != *=* ]]; do
        tests+=("$1")
        shift
    done
    make_tests check-TESTS check_PROGRAMS= check_LTLIBRARIES= TESTS="${tests[*]}" "$@"
}

make_tests() { # TARGET [VARIABLE=VALUE...]
    local status=0
    CK_FORK=no make -C "$BUILD" -j "$jobs" VERBOSE=1 "$@" || status=$?
    .ci/count "$BUILD" || status=1
    return "$status"
}

# libtool cannot install if the path contains a space. Everything else here works there.
skip_where_libtool_fails() {
    [[ $BUILD == *[[:space:]]* ]] || return 0
    echo "not here: libtool cannot install in $BUILD"
    echo '0 passed, 0 failed, 1 skipped'
    exit
}

# Print the tracked files with these patterns, for xargs -0. The clone may belong to another user.
tracked() {
    git -c safe.directory='*' ls-files -z -- "$@"
}

# Install the packages that are missing. If two packages exclude each other, the installed one
# stays. Another check may run at the same time, and apt-get refuses to run twice.
install_packages() {
    dpkg -s "$@" >/dev/null 2>&1 && return
    export DEBIAN_FRONTEND=noninteractive
    (
        flock 9
        apt-get update
        apt-get install -y --no-install-recommends --no-remove -o Acquire::Retries=3 "$@"
    ) 9>build-ci/packages.lock
}

# Let configure find Check for another of Debian's architectures, but no other library. Other packages
# of that architecture are unpacked beside it.
check_for() { # ARCHITECTURE [PACKAGE...]
    .ci/sysroot "$BUILD/$1" "$1" check libsubunit-dev "${@:2}"
    PKG_CONFIG_LIBDIR=$(echo "$BUILD/$1"/root/usr/lib/*/pkgconfig)
    export PKG_CONFIG_LIBDIR PKG_CONFIG_SYSROOT_DIR=$BUILD/$1/root
}
