#!/bin/bash
# SPDX-License-Identifier: ISC
#
# As on a system with poll alone.
. .ci/lib.sh
configure --disable-epoll --disable-eventfd
make_check
