#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Install what the later checks also need. This comes after ./quickstart, which must work without
# it.
. .ci/lib.sh
packages=(
    git shellcheck cppcheck clang clang-format valgrind # the tools themselves
    libclang-rt-dev                                     # libFuzzer
    musl-tools                                          # musl-gcc
    xz-utils                                            # make dist
    build-essential debhelper lintian autopkgtest       # Debian's packages
    cmake meson ninja-build                             # programs that use the library
    libev-dev libevent-dev libuv1-dev libglib2.0-dev    # loops that the examples nest in
    libcurl4-openssl-dev                                # what examples/curl-multi drives
)
dpkg -s "${packages[@]}" >/dev/null 2>&1 && exit
export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install -y --no-install-recommends -o Acquire::Retries=3 "${packages[@]}"
