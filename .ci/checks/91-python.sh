#!/bin/bash
# SPDX-License-Identifier: ISC
#
# The Python binding: its wheel, built against the installed library; its tests, also under valgrind
# with a garbage collection at every allocation; the suites of CPython with this selector; and the
# first program of its README.
. .ci/lib.sh
skip_where_libtool_fails
install_packages libpython3.11-testsuite pkgconf python3-dev python3-pip python3-setuptools \
    python3-uvloop python3-wheel valgrind
python=/usr/bin/python3
configure --prefix="$BUILD/root"
make -C "$BUILD" -j "$jobs" install-libLTLIBRARIES install-includeHEADERS install-pkgconfigDATA

tracked bindings/python | tar -c --null -T - | tar -x -C "$BUILD"
cd "$BUILD/bindings/python"
export PIP_CONFIG_FILE=/dev/null PKG_CONFIG_PATH=$BUILD/root/lib/pkgconfig LD_LIBRARY_PATH=$BUILD/root/lib
pip() { "$python" -m pip --disable-pip-version-check "$@" --no-deps --no-index; }
CFLAGS='-Wall -Wextra -Werror' pip wheel --no-build-isolation -w "$BUILD/wheels" .
pip install --target "$BUILD/site" "$BUILD"/wheels/fdslots-*-cp311-abi3-*.whl
export PYTHONPATH=$BUILD/site PYTHONDONTWRITEBYTECODE=1

# shellcheck disable=SC2016 # backquotes of Markdown
block() { awk -v kind="$1" '/^```/ { if (inside) exit; inside = $0 == "```" kind; next } inside' README.md; }
block python >first.py
"$python" first.py | diff <(block text) -

cd tests
timeout 120 "$python" -X faulthandler -W error -m unittest 2>&1 | tee "$BUILD/tests.log"
every_allocation='import gc, unittest; gc.set_threshold(1); unittest.main(module=None)'
PYTHONMALLOC=malloc timeout 200 valgrind --quiet --error-exitcode=9 \
    --suppressions=/usr/lib/valgrind/python3.supp "$python" -c "$every_allocation" test_slots test_selector
timeout 200 "$python" run_cpython.py | tee "$BUILD/suites.log"
timeout 60 "$python" ../bench.py --rounds 1 --seconds 0.05

own=$(sed -n 's/^Ran \([0-9]*\) tests.*/\1/p' "$BUILD/tests.log")
theirs=$(sed -n 's/^\([0-9]*\) passed,.*/\1/p' "$BUILD/suites.log")
echo "$((own + theirs + 1)) passed, 0 failed, 0 skipped"
