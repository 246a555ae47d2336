#!/bin/sh
# SPDX-License-Identifier: ISC
# Every manual page is clean under mandoc -Tlint, style included. Only whether a page that is
# referred to is installed on this machine is left out; test-names.sh looks at our own.

srcdir=${srcdir:-.}
if ! command -v mandoc >/dev/null 2>&1; then
    echo "mandoc is not installed"
    [ "$CI" = true ] && exit 1
    exit 77
fi

status=0
for page in "$srcdir"/man/*.[37]; do
    complaints=$(mandoc -Tlint -W style "$page" 2>&1 |
        grep -v -e 'referenced manual not found' -e 'outdated mandoc.db')
    if [ -n "$complaints" ]; then
        printf '%s\n' "$complaints"
        status=1
    fi
done
exit $status
