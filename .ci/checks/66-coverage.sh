#!/bin/bash
# SPDX-License-Identifier: ISC
#
# The coverage of src/ by the tests: at least 95 % of the lines, and 90 % of the branches apart from
# those that the compiler adds. tests/uncovered.txt names the lines that no test runs, each with the
# line before it, in groups with a reason.
. .ci/lib.sh
install_packages gcovr
umask 0 # some tests continue as another user, whose coverage must be saved, too
configure --disable-shared CC=gcc CFLAGS='-g -O0 --coverage -fprofile-update=atomic' LDFLAGS=--coverage
rm -f "$BUILD"/*.gc*
gcc -D_GNU_SOURCE -c tests/support/coverage_exit.c -o "$BUILD/coverage_exit.o"
check_only tests/{check_fdslots,cut_short,differential,no_alloc,syscalls} \
    LIBS="$BUILD/coverage_exit.o" LDFLAGS='--coverage -Wl,--wrap=_exit'

gcovr --root . --object-directory "$BUILD" --filter src/ --exclude-throw-branches \
    --exclude-unreachable-branches --json "$BUILD/coverage.json" "$BUILD"
report() {
    gcovr --root . --add-tracefile "$BUILD/coverage.json" "$@"
}
report --branches
report --fail-under-line 95 --fail-under-branch 90

python3 - "$BUILD/coverage.json" <<'PYTHON' | sort -u >"$BUILD/uncovered"
import json, sys
for source in json.load(open(sys.argv[1]))["files"]:
    text = open(source["file"]).read().splitlines()
    for line in source["lines"]:
        if line["count"] == 0 and not line["gcovr/noncode"]:
            at = line["line_number"]
            print(source["file"] + ":", text[at - 2].strip(), "/", text[at - 1].strip())
PYTHON
list=tests/uncovered.txt
sed -n 's/^~//p' $list >"$BUILD/may-be-run"
grep '^src/' $list | sort >"$BUILD/named"
grep -vxF -f "$BUILD/may-be-run" "$BUILD/uncovered" | diff "$BUILD/named" - # < is run, > is not named
