#!/bin/bash
# SPDX-License-Identifier: ISC
. .ci/lib.sh
configure --disable-eventfd
make_check
