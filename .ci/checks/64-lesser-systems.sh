#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Builds as for systems that have less, each with another selection: macOS (only poll, no ppoll, no
# eventfd), and a system whose epoll has neither epoll_pwait2 nor EPOLLEXCLUSIVE (illumos, Linux
# before 4.5).
. .ci/lib.sh

as_on() { # NAME CONFIGURE-ARGUMENT...
    local top=$BUILD status=0
    BUILD=$BUILD/$1
    mkdir "$BUILD"
    [ -f configure ] || autoreconf -i
    (cd "$BUILD" && ../../../configure --quiet --enable-werror --disable-shared "${@:2}")
    make -C "$BUILD" -j "$jobs"
    check_only tests/{check_fdslots,differential,no_alloc,syscalls} || status=$?
    BUILD=$top
    return "$status"
}

as_on macos --disable-epoll --disable-eventfd --disable-ppoll
as_on illumos ac_cv_func_epoll_pwait2=no ac_cv_have_decl_EPOLLEXCLUSIVE=no
.ci/count "$BUILD"
