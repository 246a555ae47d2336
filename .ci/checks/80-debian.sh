#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Debian's packages are built from the tarball of `make dist`, checked by lintian for errors,
# installed, and tested by autopkgtest. This installs packages on this machine and removes them
# again.
. .ci/lib.sh
if [ "$(id -u)" -ne 0 ]; then
    echo "not here: only root installs packages"
    echo '0 passed, 0 failed, 1 skipped'
    exit
fi
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8

configure
make -C "$BUILD" dist
version=$(dpkg-parsechangelog -l debian/changelog -S Version)
cd "$BUILD"
mkdir source
tar -xf fdslots-*.tar.xz -C source --strip-components=1
mv fdslots-*.tar.xz "fdslots_${version%-*}.orig.tar.xz"

(cd source && CK_FORK=no dpkg-buildpackage -us -uc -j"$jobs")
ls -l ./*.deb ./*.dsc

lintian --info --fail-on error ./*.changes | tee lintian

trap 'dpkg --purge libfdslots-dev libfdslots1' EXIT
dpkg -i libfdslots1_*.deb libfdslots-dev_*.deb
autopkgtest --no-built-binaries source/ -- null
