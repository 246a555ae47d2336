#!/bin/bash
# SPDX-License-Identifier: ISC
#
# The tarball has all it needs, builds from a read-only tree, installs and uninstalls cleanly.
. .ci/lib.sh
skip_where_libtool_fails
configure
make -C "$BUILD" -j "$jobs" distcheck DISTCHECK_CONFIGURE_FLAGS=--enable-werror
