#!/bin/bash
# SPDX-License-Identifier: ISC
#
# A build as for a system that has only poll.
. .ci/lib.sh
configure --disable-epoll --disable-eventfd
make_check
