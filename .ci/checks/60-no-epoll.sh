#!/bin/bash
# SPDX-License-Identifier: ISC
. .ci/lib.sh
configure --disable-epoll
make_check
