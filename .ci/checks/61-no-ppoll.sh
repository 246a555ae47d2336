#!/bin/bash
# SPDX-License-Identifier: ISC
. .ci/lib.sh
configure --disable-ppoll
make_check
