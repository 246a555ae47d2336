#!/bin/sh
# SPDX-License-Identifier: ISC
# The pipes example prints what it should, with the fds that it really has.
set -eu

pipes=./examples/pipes

fail() {
    echo "FAIL: $*" >&2
    exit 1
}

# $1: the fd of the read end, $2: of the write end, $3: what was printed
expect() {
    wanted="fd $1 (from index 0) can be read without blocking
fd $2 (from index 7) can be written without blocking"
    [ "$3" = "$wanted" ] || fail "printed: $3"
}

# The calling process may have fds open, so these numbers are closed or taken first.
expect 3 4 "$($pipes 3<&- 4<&- 5<&- 6<&-)"
expect 4 6 "$($pipes 3</dev/null 4<&- 5</dev/null 6<&-)"

status=0
$pipes surplus 2>/dev/null || status=$?
[ $status -eq 2 ] || fail "one argument too many: status $status"

$pipes --help | grep -q '^Usage: pipes' || fail "no help"

if [ -c /dev/full ]; then
    status=0
    $pipes >/dev/full 2>/dev/null || status=$?
    [ $status -eq 1 ] || fail "unwritable output: status $status"
fi
